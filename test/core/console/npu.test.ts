import type Type from 'typebox';
import Value from 'typebox/value';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Status } from '../../../core/src/console/status.ts';
import type { NpuReading } from '../../../core/src/device/npu-reading.ts';
import { openConsole } from '../../support/open-console.ts';

const test = suite('the NPU in the API');

const busy: NpuReading = {
  loadPercent: [45, 0, 12.5],
  frequencyHz: 1_000_000_000,
  maxFrequencyHz: 1_000_000_000,
  governor: 'performance',
  temperatureC: 44.4,
  driver: '0.9.8',
  runtime: '2.3.2',
  absent: [],
};

test('status tells the newest reading, and what is absent with why', async () => {
  let reading: NpuReading = busy;
  await using app = await openConsole({ npu: { read: async () => reading } });
  const status = async () => (await (await app.get('/v1/status')).json()) as Type.Static<typeof Status>;
  const first = await status();
  assert.is(Value.Errors(Status, first).length, 0);
  assert.equal(first.npu, busy);
  reading = { absent: [{ source: 'load', reason: 'for root only' }] };
  assert.equal((await status()).npu, reading);
});

test('metrics have a value for what is known, and none for what is not', async () => {
  let reading: NpuReading = busy;
  await using app = await openConsole({ npu: { read: async () => reading } });
  const lines = async () => (await (await app.get('/metrics')).text()).split('\n').filter((line) => line.startsWith('mien_npu_'));
  assert.equal(await lines(), [
    'mien_npu_load_ratio{core="0"} 0.45',
    'mien_npu_load_ratio{core="1"} 0',
    'mien_npu_load_ratio{core="2"} 0.125',
    'mien_npu_frequency_hertz 1000000000',
    'mien_npu_temperature_celsius 44.4',
    'mien_npu_info{driver="0.9.8",runtime="2.3.2",governor="performance"} 1',
  ]);
  reading = { temperatureC: 50, absent: [] };
  assert.equal(await lines(), ['mien_npu_temperature_celsius 50']);
  reading = { absent: [] };
  assert.equal(await lines(), []);
});

test.run();
