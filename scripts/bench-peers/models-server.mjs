// Human fetches its models and TensorFlow.js its WASM: both come from the packages, over loopback.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';

const types = { json: 'application/json', wasm: 'application/wasm' };

/** Serves /human/<file> and /wasm/<file> out of an installation of the peers. */
export async function serveModels(peers) {
  const folders = { human: join(peers, 'node_modules/@vladmandic/human/models'), wasm: join(peers, 'node_modules/@tensorflow/tfjs-backend-wasm/dist') };
  const server = createServer(async ({ url }, response) => {
    const [, kind, name] = new URL(url, 'http://loopback').pathname.split('/');
    try {
      const bytes = await readFile(join(folders[kind], basename(name)));
      response.setHeader('content-type', types[name.split('.').at(-1)] ?? 'application/octet-stream');
      response.end(bytes);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
