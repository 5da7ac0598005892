/** The example of the speech plugin, run by the command at its top; it greets, or says why it cannot be heard here. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { SpeechStatus } from '../../../../plugins/speech/service.ts';
import { commandOf, startExample, untilAnswer } from '../../../support/example-run.ts';
import { requireEspeak } from '../../../support/speech.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

requireEspeak();
const example = suite('speech: example');

example('plugins/speech/example.yaml', async () => {
  using folder = new TemporaryFolder();
  await using run = await startExample([...commandOf('plugins/speech/example.yaml'), '--speed', '5'], folder.path);
  await untilAnswer(
    () => run.plugin('speech'),
    ({ state }) => state === 'running',
  );
  const status = () => run.api<{ result: SpeechStatus }>('POST', '/v1/commands/speech.status', {});
  // At night its quiet hours hold; without a loudspeaker it fails, and says so.
  const { result } = await untilAnswer(
    status,
    ({ result: { counts, quietUntil, fault } }) => counts.said + counts.failed > 0 || quietUntil !== undefined || fault !== undefined,
  );
  if (result.counts.failed > 0) assert.match(result.fault ?? '', /ended with/);
  await run.stop();
});

example.run();
