/** A broker that takes everything and confirms nothing but connections, subscriptions and pings. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import mqttPacket, { type IConnackPacket, type IPublishPacket, type Packet } from 'mqtt-packet';

export class MuteBroker implements AsyncDisposable {
  /** What was published, over all connections. */
  readonly published: IPublishPacket[] = [];
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(properties: IConnackPacket['properties'] = {}): Promise<MuteBroker> {
    const server = createServer();
    const broker = new MuteBroker(server);
    server.on('connection', (socket) => broker.#serve(socket, properties));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(socket: Socket, properties: IConnackPacket['properties']): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on('error', () => {});
    const parser = mqttPacket.parser({ protocolVersion: 5 });
    const answer = (packet: Packet): void => void socket.write(mqttPacket.generate(packet, { protocolVersion: 5 }));
    parser.on('packet', (packet) => {
      if (packet.cmd === 'connect') answer({ cmd: 'connack', sessionPresent: false, reasonCode: 0, ...(properties && { properties }) });
      if (packet.cmd === 'pingreq') answer({ cmd: 'pingresp' });
      if (packet.cmd === 'subscribe') answer({ cmd: 'suback', messageId: packet.messageId ?? 0, granted: [0] });
      if (packet.cmd === 'publish') this.published.push(packet);
    });
    socket.on('data', (data) => parser.parse(data));
  }
}
