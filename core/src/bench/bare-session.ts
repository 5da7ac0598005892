import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { type Release, selectFile, verifyFile } from '../inference/manifest-file.ts';
import type { NetworkManifest, Precision } from '../inference/model-manifest.ts';
import { openRuntime, sessionOptions } from '../inference/onnx-backend.ts';
import { inputShape, midGrey } from '../inference/tensor-shape.ts';

/** What a network costs by itself: ONNX Runtime on the same file with the same options, tensors made once, nothing of Mien around it. */
export interface BareSession extends AsyncDisposable {
  /** Milliseconds of one run. */
  time(): Promise<number>;
}

export async function openBareSession(release: Release, network: NetworkManifest, precision: Precision, threads: number): Promise<BareSession> {
  const { InferenceSession, Tensor } = await openRuntime();
  const file = selectFile(network, 'onnx', 'cpu', precision);
  const session: InferenceSession = await InferenceSession.create(await verifyFile(release, file), sessionOptions(threads));
  const spec = file.input ?? network.input;
  const types = { f32: 'float32', u8: 'uint8', i8: 'int8' } as const;
  const feeds: Record<string, Tensor> = { [spec.name]: new Tensor(types[spec.dtype], midGrey(spec) as Float32Array, inputShape(spec)) };
  const fetches = await session.run(feeds);
  return {
    async time() {
      const started = performance.now();
      await session.run(feeds, fetches);
      return performance.now() - started;
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}
