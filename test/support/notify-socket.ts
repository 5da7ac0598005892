import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import * as assert from 'uvu/assert';

// Node has no Unix datagram sockets (which is why the addon sends them), so Python plays systemd's part.
const RECEIVER = `
import socket, sys
name = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind('\\0' + name[1:] if name[0] == '@' else name)
print('bound', flush=True)
while True: print(s.recv(4096).hex(), flush=True)
`;

/** Listens as systemd does; `line` resolves with the next datagram in hexadecimal. `@name` is an abstract address. */
export async function receiver(address: string): Promise<{ process: ChildProcess; line: () => Promise<string> }> {
  const child = spawn('python3', ['-c', RECEIVER, address], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => (await lines.next()).value as string;
  assert.is(await line(), 'bound');
  return { process: child, line };
}
