import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { EndedTrack } from '../../../core/src/observation.ts';
import type { Detection } from '../../../core/src/sight/detector.ts';
import { Tracker, trackerDefaults } from '../../../core/src/sight/tracker.ts';
import { faceAt, seededRandom } from '../../support/detections.ts';

const frame = (capturedMonoMs: number) => ({ capturedMonoMs, width: 1280, height: 720 });
const interval = 1000 / 15;

interface Walker {
  /** Centre and size at a time in seconds, or nothing while the detector cannot see the face. */
  at(seconds: number): Detection | undefined;
}

/** Plays walkers through a tracker; returns for each frame which id was nearest to which walker, and all endings. */
function play(walkers: readonly Walker[], seconds: number, tracker = new Tracker()) {
  const ids: Array<Set<number>> = walkers.map(() => new Set());
  const ended: EndedTrack[] = [];
  for (let i = 0; i * interval < seconds * 1000; i += 1) {
    const seen = walkers.map((walker) => walker.at((i * interval) / 1000));
    const update = tracker.update(
      seen.filter((face) => face !== undefined),
      frame(1000 + i * interval),
    );
    ended.push(...update.ended);
    seen.forEach((detection, w) => {
      if (!detection) return;
      const hit = update.faces.filter((face) => face.score > 0).sort((a, b) => Math.abs(a.box.x - detection.box.x) - Math.abs(b.box.x - detection.box.x))[0];
      if (hit) ids[w]?.add(hit.id);
    });
  }
  return { ids: ids.map((set) => [...set]), ended };
}

const test = suite('tracker');

test('a face keeps its id, and its box is steadier than the detections', () => {
  const tracker = new Tracker();
  const random = seededRandom(1);
  const raw: number[] = [];
  const smooth: number[] = [];
  for (let i = 0; i < 200; i += 1) {
    const x = 600 + 8 * (random() - 0.5);
    const { faces } = tracker.update([faceAt(x, 300, 120)], frame(i * interval));
    assert.is(faces.length, 1);
    assert.is(faces[0]?.id, 1);
    if (i < 20) continue;
    raw.push(x - 60);
    smooth.push(faces[0]?.box.x ?? 0);
  }
  const spread = (values: number[]): number => {
    const mean = values.reduce((a, b) => a + b) / values.length;
    return Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
  };
  assert.ok(spread(smooth) < 0.65 * spread(raw), `${spread(smooth)} against ${spread(raw)}`);
});

test('a walking face is followed with a lag under a tenth of its width', () => {
  const tracker = new Tracker();
  let lag = 0;
  for (let i = 0; i < 60; i += 1) {
    const x = 200 + 200 * ((i * interval) / 1000);
    const face = tracker.update([faceAt(x, 300, 100)], frame(i * interval)).faces[0];
    lag = Math.abs((face?.box.x ?? 0) + 50 - x);
  }
  assert.ok(lag < 10, `${lag} px`);
});

test('a face that is hidden for 0.8 s while walking keeps its id, and is predicted meanwhile', () => {
  const { ids } = play([{ at: (s) => (s > 2 && s < 2.8 ? undefined : faceAt(100 + 180 * s, 350, 110)) }], 5);
  assert.equal(ids, [[1]]);
  const tracker = new Tracker();
  for (let i = 0; i < 30; i += 1) tracker.update([faceAt(100 + 12 * i, 350, 110)], frame(i * interval));
  const { faces } = tracker.update([], frame(30 * interval));
  assert.is(faces[0]?.score, 0);
  assert.ok(Math.abs((faces[0]?.box.x ?? 0) - (100 + 12 * 30 - 55)) < 8, 'carried on by its speed');
});

test('two people who cross, one hidden behind the other, keep their ids', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = seededRandom(seed);
    const speedA = 90 + 160 * random();
    const speedB = 90 + 160 * random();
    const sizeA = 110 + 60 * random();
    const sizeB = sizeA * (0.75 + 0.15 * random());
    const noise = (): number => 0.02 * sizeA * (random() - 0.5);
    const a = (s: number): number => 640 + speedA * (s - 3);
    const b = (s: number): number => 640 - speedB * (s - 3);
    const { ids } = play(
      [
        { at: (s) => faceAt(a(s) + noise(), 300 + noise(), sizeA) },
        { at: (s) => (Math.abs(a(s) - b(s)) < 0.6 * sizeA ? undefined : faceAt(b(s) + noise(), 310 + noise(), sizeB)) },
      ],
      6,
    );
    assert.equal(
      ids.map((set) => set.length),
      [1, 1],
      `seed ${seed}: ${JSON.stringify(ids)}`,
    );
  }
});

test('people who turn back where they meet are a hard case, yet mostly keep their ids', () => {
  let switches = 0;
  for (let seed = 1; seed <= 100; seed += 1) {
    const random = seededRandom(seed);
    const speed = 80 + 80 * random();
    const gap = 90 + 60 * random();
    const noise = (): number => 3 * (random() - 0.5);
    const { ids } = play(
      [
        { at: (s) => faceAt(640 - gap / 2 - speed * Math.abs(s - 2) + noise(), 300 + noise(), 120) },
        { at: (s) => faceAt(640 + gap / 2 + speed * Math.abs(s - 2) + noise(), 300 + noise(), 115) },
      ],
      4,
    );
    if (ids.some((set) => set.length !== 1)) switches += 1;
  }
  assert.is(switches, 0);
});

test('a face that vanishes in the middle is lost, one that walks off has exited', () => {
  const lost = play([{ at: (s) => (s < 2 ? faceAt(600, 300, 120) : undefined) }], 5);
  assert.equal(lost.ended, [{ track: 1, reason: 'lost' }]);
  const exited = play([{ at: (s) => (1100 + 100 * s < 1270 ? faceAt(1100 + 100 * s, 300, 120) : undefined) }], 5);
  assert.equal(exited.ended, [{ track: 1, reason: 'exited' }]);
});

test('a flicker is forgotten sooner than a face', () => {
  const endOf = (frames: number): number => {
    const tracker = new Tracker();
    for (let i = 0; i < frames; i += 1) tracker.update([faceAt(600, 300, 120)], frame(i * 50));
    let missedMs = 50;
    while (tracker.update([], frame((frames - 1) * 50 + missedMs)).ended.length === 0) missedMs += 50;
    return missedMs;
  };
  assert.ok(endOf(1) <= trackerDefaults.flickerToleranceMs + 50);
  assert.ok(endOf(10) > trackerDefaults.missToleranceMs);
});

test('a track that was taken up twice is merged into the older one', () => {
  const tracker = new Tracker();
  for (let i = 0; i < 20; i += 1) tracker.update([faceAt(300 + 20 * i, 300, 100)], frame(i * 66));
  // The person stops dead unseen, far behind where the motion says, and is taken for somebody new; then the prediction's end meets them.
  const { faces } = tracker.update([faceAt(1000, 300, 100)], frame(20 * 66));
  assert.equal(
    faces.map((face) => face.id),
    [1, 2],
  );
  const ended: EndedTrack[] = [];
  for (let i = 21; i < 40 && ended.length === 0; i += 1) ended.push(...tracker.update([faceAt(1000 - 60 * (i - 20), 300, 100)], frame(i * 66)).ended);
  assert.equal(ended, [{ track: 2, reason: 'merged', into: 1 }]);
  assert.equal(
    tracker.update([faceAt(760, 300, 100)], frame(41 * 66)).faces.map((face) => face.id),
    [1],
  );
});

test('two people who were seen side by side are never merged, even when one stops where the other vanished', () => {
  const { ended, ids } = play(
    [{ at: (s) => faceAt(s < 1 ? 460 : Math.min(460 + 150 * (s - 1), 640), 300, 120) }, { at: (s) => (s < 1.2 ? faceAt(640, 300, 120) : undefined) }],
    4,
  );
  assert.equal(ids, [[1], [2]]);
  assert.equal(ended, [{ track: 2, reason: 'lost' }]);
});

test('a second detection inside a face is no new person', () => {
  const tracker = new Tracker();
  tracker.update([faceAt(600, 300, 200), faceAt(620, 320, 90, 0.6)], frame(0));
  assert.is(tracker.update([faceAt(600, 300, 200), faceAt(620, 320, 90, 0.6)], frame(66)).faces.length, 1);
});

test('a clock that goes backwards does no harm', () => {
  const tracker = new Tracker();
  for (let i = 0; i < 10; i += 1) tracker.update([faceAt(600 + 10 * i, 300, 100)], frame(50_000 + i * 66));
  const expected = tracker.predict(1000)[0];
  assert.ok(Math.abs((expected?.x ?? 0) - 640) < 1, `${expected?.x}`);
  assert.is(tracker.update([faceAt(700, 300, 100)], frame(1000)).faces[0]?.id, 1);
});

test('after a gap without frames nobody is taken for the one who stood there before', () => {
  const tracker = new Tracker();
  for (let i = 0; i < 20; i += 1) tracker.update([faceAt(600, 300, 120)], frame(i * interval));
  const { faces, ended } = tracker.update([faceAt(600, 300, 120)], frame(20 * interval + trackerDefaults.gapMs));
  assert.equal(ended, [{ track: 1, reason: 'lost' }]);
  assert.equal(
    faces.map(({ id }) => id),
    [2],
  );
});

test('a slow machine at one frame a second still knows who is who', () => {
  const tracker = new Tracker();
  for (let i = 0; i < 10; i += 1) {
    const { faces } = tracker.update([faceAt(300 + 20 * i, 300, 120), faceAt(900, 300, 120)], frame(i * 1200));
    assert.equal(
      faces.map(({ id }) => id),
      [1, 2],
    );
  }
});

test('when the camera is gone every track ends, and ids go on counting', () => {
  const tracker = new Tracker();
  tracker.update([faceAt(200, 300, 100), faceAt(800, 300, 100)], frame(0));
  assert.equal(
    tracker.reset().map((end) => end.track),
    [1, 2],
  );
  assert.is(tracker.update([faceAt(200, 300, 100)], frame(66)).faces[0]?.id, 3);
});

test('whatever is detected when: ids are new, unique, ended once and silent afterwards; numbers stay finite', () => {
  const anyFace = fc.tuple(
    fc.double({ min: -100, max: 1400, noNaN: true }),
    fc.double({ min: -100, max: 800, noNaN: true }),
    fc.double({ min: 5, max: 500, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.array(anyFace, { maxLength: 6 }), fc.integer({ min: -50, max: 1500 })), { maxLength: 40 }), (frames) => {
      const tracker = new Tracker();
      const gone = new Set<number>();
      let highest = 0;
      let alive = new Set<number>();
      let at = 0;
      for (const [faces, dt] of frames) {
        at += dt;
        const update = tracker.update(
          faces.map(([x, y, size]) => faceAt(x, y, size)),
          frame(at),
        );
        const now = new Set(update.faces.map((face) => face.id));
        assert.is(now.size, update.faces.length, 'one face for an id');
        for (const end of update.ended) {
          assert.not.ok(gone.has(end.track), 'ended once');
          assert.not.ok(now.has(end.track), 'silent afterwards');
          gone.add(end.track);
          if (end.reason === 'merged') assert.ok(now.has(end.into as number));
        }
        for (const id of alive) assert.ok(now.has(id) || gone.has(id), 'no track vanishes without an end');
        for (const face of update.faces) {
          assert.not.ok(gone.has(face.id));
          if (!alive.has(face.id)) assert.ok(face.id > highest, 'never reused');
          const numbers = [...Object.values(face.box), ...Object.values(face.keypoints).flatMap(({ x, y }) => [x, y])];
          assert.ok(numbers.every(Number.isFinite));
          assert.ok(face.box.width > 0 && face.box.height > 0);
        }
        highest = Math.max(highest, ...now, ...update.ended.map((end) => end.track));
        alive = now;
      }
    }),
    { numRuns: 300 },
  );
});

test.run();
