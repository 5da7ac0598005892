// A sight process that becomes ready and then tells that inference failed, until it is told to leave the NPU alone. Each start leaves a line in
// the file that MIEN_TEST_STARTS names: why it was to leave the NPU alone, or nothing.
import { appendFileSync } from 'node:fs';

process.on('message', (message) => {
  if (message.type === 'stop') process.exit(0);
  if (message.type !== 'start') return;
  const { withoutNpu } = message.start;
  appendFileSync(process.env.MIEN_TEST_STARTS, `${withoutNpu ?? ''}\n`);
  const seen = { cameras: [], latencyMs: { p50: 0, p95: 0 }, degraded: [] };
  const beat = () => process.send({ type: 'beat', seen });
  beat();
  setInterval(beat, 100);
  process.send({ type: 'ready' });
  if (withoutNpu === undefined) process.send({ type: 'failed', error: { code: 'INFERENCE_FAILED', message: 'faces has no core of the NPU left.' } });
});
process.on('disconnect', () => process.exit(0));
