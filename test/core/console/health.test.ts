import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Status } from '../../../core/src/console/status.ts';
import { healthOf } from '../../../core/src/console/status-routes.ts';
import { openConsole } from '../../support/open-console.ts';

const test = suite('health');

test('a fallback or a failed self-test is degraded with its reason, and the device still counts as seeing', async () => {
  await using app = await openConsole();
  app.sight.current = { ...app.sight.current, degraded: ['fell back to the CPU: no NPU', 'faces failed its self-test: answer 2 is off'] };
  const { health } = (await (await app.get('/v1/status')).json()) as Status;
  assert.equal(health, { state: 'degraded', reasons: ['fell back to the CPU: no NPU', 'faces failed its self-test: answer 2 is off'] });
  assert.is((await app.get('/healthz')).status, 200);
});

test('the cameras come first, and blindness outweighs', async () => {
  await using app = await openConsole();
  const cameras = app.sight.current.cameras.map((camera) => ({ ...camera, state: 'lost' as const }));
  assert.equal(healthOf({ ...app.sight.current, cameras, degraded: ['second choice'] }), { state: 'down', reasons: ['camera main is lost', 'second choice'] });
});

test.run();
