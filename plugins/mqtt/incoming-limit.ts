/**
 * Ends a connection on which a message comes that is larger than anybody means: MQTT 3.1.1 has no word for what a client takes, a broker may not heed
 * that of MQTT 5, and MQTT.js would hold all of it.
 */
import type { MqttClient } from 'mqtt';

export function limitIncoming(client: MqttClient, mostBytes: number, tooLarge: () => void): void {
  /** Since the last whole packet. */
  let bytes = 0;
  client.on('packetreceive', () => {
    bytes = 0;
  });
  // The first packet on each new connection.
  client.on('packetsend', ({ cmd }) => {
    if (cmd !== 'connect') return;
    bytes = 0;
    const { stream } = client;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= mostBytes || stream.destroyed) return;
      tooLarge();
      stream.destroy();
    });
  });
}
