/** A subscriber with a session of its own, which the broker keeps while one of the two is away. */
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';

export interface Heard {
  readonly topic: string;
  readonly text: string;
  readonly retain: boolean;
  readonly qos: number;
  readonly properties: IPublishPacket['properties'];
}

export class MqttListener implements AsyncDisposable {
  readonly heard: Heard[] = [];
  readonly client: MqttClient;

  private constructor(client: MqttClient) {
    this.client = client;
  }

  /** Subscribed when it resolves. `took` is called with each message, before it is confirmed; then none is kept in `heard`. */
  static async open(
    url: string,
    topic: string | readonly string[],
    { took, qos = 1, ...options }: IClientOptions & { readonly took?: (heard: Heard, client: MqttClient) => void; readonly qos?: 0 | 1 | 2 } = {},
  ): Promise<MqttListener> {
    const client = mqtt.connect(url, {
      protocolVersion: 5,
      clean: false,
      clientId: `listener-${Math.random().toString(36).slice(2)}`,
      properties: { sessionExpiryInterval: 3600 },
      reconnectPeriod: 50,
      ...options,
    });
    // The broker is gone now and then.
    client.on('error', () => {});
    const listener = new MqttListener(client);
    client.on('message', (topic, payload, { retain, qos, properties }) => {
      const one = { topic, text: payload.toString(), retain, qos, properties };
      if (took) took(one, client);
      else listener.heard.push(one);
    });
    await new Promise<void>((resolve) => client.once('connect', () => resolve()));
    await client.subscribeAsync([...[topic].flat()], { qos });
    return listener;
  }

  /** The newest on a topic. */
  last(topic: string): string | undefined {
    return this.heard.findLast((one) => one.topic === topic)?.text;
  }

  on(topic: string): Heard[] {
    return this.heard.filter((one) => one.topic === topic);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.endAsync(true);
  }
}
