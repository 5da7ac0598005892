/** A TCP relay between a client and a server that can stop passing on, cut, or answer in the server's place. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Looks at the first bytes of a client; true when it has dealt with it itself. */
export type Doorkeeper = (first: Buffer, client: Socket) => boolean;

export class StallingRelay implements AsyncDisposable {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #stalled = false;
  /** Connections that came so far. */
  connections = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(port: number, doorkeeper: Doorkeeper = () => false): Promise<StallingRelay> {
    const server = createServer();
    const relay = new StallingRelay(server);
    server.on('connection', (client) => {
      relay.connections += 1;
      client.on('error', () => {});
      client.once('data', (first) => {
        if (!doorkeeper(first, client)) relay.#join(client, port, first);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Nothing passes, in either direction; connections stay open. */
  stall(): void {
    this.#stalled = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  flow(): void {
    this.#stalled = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  #join(client: Socket, port: number, first: Buffer): void {
    const server = connect(port, '127.0.0.1');
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    server.write(first);
    for (const [from, to] of [pair, [server, client] as const]) {
      from.on('error', () => {});
      from.pipe(to);
      from.on('close', () => {
        to.destroy();
        this.#pairs.delete(pair);
      });
      if (this.#stalled) from.pause();
    }
  }
}
