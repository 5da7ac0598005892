// Stores events in a file and says so: node acknowledging-consumer.mjs mqtt://127.0.0.1:1883 events.jsonl
import { existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import mqtt from 'mqtt';

const [url = 'mqtt://127.0.0.1:1883', file = 'events.jsonl'] = process.argv.slice(2);
const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
const stored = new Set(lines.map((line) => JSON.parse(line).id));
const out = openSync(file, 'a');

const client = mqtt.connect(url, { protocolVersion: 5, clientId: 'event-store', clean: false, properties: { sessionExpiryInterval: 86_400 } });
client.on('connect', () => client.subscribe('mien/+/+/event/#', { qos: 1 }));
client.on('error', ({ message }) => console.error(message));
client.on('message', (_topic, payload) => {
  const { id } = JSON.parse(payload);
  // What comes twice has the same id.
  if (!stored.has(id)) writeSync(out, `${payload}\n`);
  fsyncSync(out);
  stored.add(id);
  client.publish('mien/ack', id, { qos: 1 });
});
