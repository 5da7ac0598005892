import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Mosquitto } from '../support/mosquitto.ts';
import { MqttListener } from '../support/mqtt-listener.ts';
import { openExamples } from '../support/node-red-examples.ts';
import { until } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('example of greetings over MQTT');
const WITHIN_MS = 120_000;

test('3: one greeting for each visitor and visit', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path);
  await using listener = await MqttListener.open(broker.url, 'mien/greet');
  await using examples = await openExamples();
  const run = await examples.play('3', ({ type }) => (type === 'mqtt-broker' ? { broker: '127.0.0.1', port: String(broker.port) } : {}));
  await run.press('a visitor comes');
  await until('a greeting', WITHIN_MS, () => listener.heard.length === 1);
  // The next visit is another visitor's. When she is greeted, whatever else the first would have brought has come.
  await run.press('a visitor comes');
  await until('a second', WITHIN_MS, () => listener.heard.length >= 2);
  const greetings = listener.heard.map(({ text }) => JSON.parse(text) as { person: string; band: string; text: string });
  assert.equal(
    greetings.map(({ text }) => text),
    ['Hello!', 'Hello!'],
  );
  // Virtual people are read as well as real ones: not to the year.
  for (const { band } of greetings) assert.match(band, /^(18-24|25-34|35-44)$/);
  assert.is(new Set(greetings.map(({ person }) => person)).size, 2);
  assert.equal(run.shown('greetings'), greetings);
});

test.run();
