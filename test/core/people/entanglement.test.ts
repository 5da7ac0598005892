import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Box } from '../../../core/src/observation.ts';
import { doubtful, entangled } from '../../../core/src/people/entanglement.ts';
import { FRAME, face, man, woman } from '../../support/observations.ts';
import { only, Stage } from '../../support/stage.ts';

const entanglement = suite('entanglement');
const at = (x: number, px = 128): Box => face(1, { x, px }).box;
/** One face width of 128 px is a tenth of the picture. */
const trail = { box: at(0.3), elapsedMs: 33, interrupted: false };
const alone = () => [];

entanglement('marks boxes that overlap by more than 15 % of the smaller one', () => {
  assert.equal(entangled([at(0.3), at(0.386)]), [false, false]);
  assert.equal(entangled([at(0.3), at(0.384)]), [true, true]);
  assert.equal(entangled([at(0.8), at(0.3), at(0.32, 40)]), [false, true, true], 'in any order, a small one before a large one too');
  assert.equal(entangled([]), []);
});

entanglement('doubts a track that moved at five face widths a second, not one that walks', () => {
  assert.not(doubtful(trail, at(0.355), alone, FRAME));
  assert.ok(doubtful(trail, at(0.358), alone, FRAME));
  assert.not(doubtful({ ...trail, elapsedMs: 100 }, at(0.358), alone, FRAME), 'in three times the time it may');
});

entanglement('doubts a track that comes back after more than 300 ms, even in place', () => {
  assert.not(doubtful({ ...trail, elapsedMs: 300 }, at(0.3), alone, FRAME));
  assert.ok(doubtful({ ...trail, elapsedMs: 301 }, at(0.3), alone, FRAME));
});

entanglement('doubts a track that moved during a gap, not one that stood', () => {
  const gap = { ...trail, elapsedMs: 200, interrupted: true };
  assert.not(doubtful(gap, at(0.329), alone, FRAME));
  assert.ok(doubtful(gap, at(0.331), alone, FRAME));
});

entanglement("doubts a track that is nearer to another one's last place than to its own", () => {
  const to = at(0.34);
  assert.ok(doubtful({ ...trail, elapsedMs: 66 }, to, () => [at(0.36)], FRAME));
  assert.not(doubtful({ ...trail, elapsedMs: 66 }, to, () => [at(0.4)], FRAME));
});

entanglement('small steps of neighbours who swapped tracks do not mix their ages', () => {
  const stage = new Stage();
  const pair = (first: number, second: number) => [face(first, { x: 0.45, px: 128 }), face(second, { x: 0.54, px: 128, sample: man })];
  stage.show(2000, pair(1, 2));
  stage.show(2000, pair(2, 1));
  assert.is(only(stage.events, 'person.appeared').length, 2);
  const ages = stage.people.current().map(({ age, box }) => [(box[0] as number) < 0.45 ? 'left' : 'right', age && 'years' in age ? age.years : null]);
  assert.equal(
    ages.sort((a, b) => String(a[0]).localeCompare(String(b[0]))),
    [
      ['left', woman.age?.years],
      ['right', man.age?.years],
    ],
  );
});

entanglement('a restart nobody announced makes the same number in the same place another track', () => {
  const stage = new Stage();
  stage.show(2000, [face(1)]);
  const events = stage.show(600, [face(1, { sample: man })], { run: 'r2' });
  assert.is(only(events, 'person.appeared').length, 1);
  const ages = stage.people.current().map(({ age }) => age && 'years' in age && age.years);
  assert.equal(ages, [34, 55]);
});
entanglement.run();
