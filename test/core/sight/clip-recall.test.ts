import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openBundledClip } from '../../../core/src/camera/clip-camera.ts';
import { checkConfig } from '../../../core/src/load-config.ts';
import { silentLogger } from '../../../core/src/log.ts';
import type { Observation } from '../../../core/src/observation.ts';
import { openLocalSight } from '../../../core/src/sight/local-sight.ts';
import { Pipeline } from '../../../core/src/sight/pipeline.ts';
import { ledger } from '../../support/clip.ts';

/** Faces that a person would call visible. */
const VISIBLE = 0.5;
const RECALL = 0.95;

type Pixels = readonly [number, number, number, number];

function overlap([ax, ay, aw, ah]: Pixels, [bx, by, bw, bh]: Pixels): number {
  const w = Math.min(ax + aw, bx + bw) - Math.max(ax, bx);
  const h = Math.min(ay + ah, by + bh) - Math.max(ay, by);
  return w <= 0 || h <= 0 ? 0 : (w * h) / (aw * ah + bw * bh - w * h);
}

const clip = suite('the bundled clip through the real pipeline');
const observations: Observation[] = [];

clip.before(async () => {
  const sight = await openLocalSight(checkConfig({}), silentLogger);
  await using _models = sight.models;
  await using source = await openBundledClip('main', { pace: 'every', loop: false });
  const pipeline = new Pipeline({ camera: 'main', run: 'test', budgetMs: 1000 }, sight.stages, {
    observation: (observation) => void observations.push(observation),
    fault: (fault) => {
      throw fault;
    },
  });
  await pipeline.run(source);
});

clip('gives an observation for every frame, none dropped', () => {
  assert.is(observations.length, ledger.frames);
  assert.is(observations.at(-1)?.dropped, 0);
});

clip(`detects at least ${RECALL * 100} % of the visible faces of the ledger`, () => {
  const missed = new Map<string, number>();
  let expected = 0;
  let found = 0;
  ledger.ledger.forEach((faces, frame) => {
    const seen = (observations[frame]?.faces ?? [])
      .filter(({ score }) => score > 0)
      .map(({ box: [x, y, w, h] }) => [x * 1280, y * 720, w * 1280, h * 720] as const);
    for (const { person, box, visible } of faces) {
      if (visible < VISIBLE) continue;
      expected += 1;
      if (seen.some((one) => overlap(one, box) > 0.4)) found += 1;
      else missed.set(person, (missed.get(person) ?? 0) + 1);
    }
  });
  console.log(`recall ${((found / expected) * 100).toFixed(1)} % of ${expected} faces; missed ${JSON.stringify(Object.fromEntries(missed))}`);
  assert.ok(found / expected >= RECALL);
});

clip('sees nobody where nobody is', () => {
  const false_ = observations.filter(({ faces }, frame) => ledger.ledger[frame]?.length === 0 && faces.some(({ score }) => score > 0));
  assert.is(false_.length, 0);
});

clip.run();
