import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Person } from '../../core/src/events.ts';
import { type CameraDef, readCameraDialog } from '../../node-red-nodes/src/camera-dialog.ts';
import { CameraWatch } from '../../node-red-nodes/src/camera-news.ts';
import type { HostState } from '../../node-red-nodes/src/host-connection.ts';
import mienCamera from '../../node-red-nodes/src/nodes/mien-camera.ts';
import mienHost from '../../node-red-nodes/src/nodes/mien-host.ts';
import { jpegStub } from '../support/fake-sight.ts';
import { type Flow, openFlow } from '../support/flow-helper.ts';
import { must } from '../support/must.ts';
import { mienCommand } from '../support/node-red-stand.ts';
import { openConsole } from '../support/open-console.ts';
import { until } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('mien-camera');
const WITHIN_MS = 60_000;
const nodes = [mienHost, mienCamera];

const reading = (def: Partial<CameraDef>, credentials = {}) => readCameraDialog({ id: 'camera', type: 'mien-camera', ...def }, credentials);

test('the dialog is a camera of mien.yaml; a password is in its source alone', () => {
  assert.equal(reading({}), { camera: 'main', wish: undefined, give: 'states', mostPerSecond: 1 });
  assert.equal(reading({ role: 'watch' }).wish, { name: 'main', source: 'clip' });
  assert.equal(reading({ role: 'watch', camera: 'door', source: 'usb', device: '/dev/video2', rotate: '90', mirror: true }).wish, {
    name: 'door',
    source: '/dev/video2',
    rotate: 90,
    mirror: true,
  });
  assert.is(reading({ role: 'watch', source: 'file', file: '/srv/lobby.mp4' }).wish?.source, '/srv/lobby.mp4');
  const rtsp = { role: 'watch', source: 'rtsp', address: 'rtsp://door.local:554/stream' } as const;
  assert.is(reading(rtsp).wish?.source, 'rtsp://door.local:554/stream');
  assert.is(reading(rtsp, { user: 'me', password: 'a@b/c:d' }).wish?.source, 'rtsp://me:a%40b%2Fc%3Ad@door.local:554/stream');
});

const refused: ReadonlyArray<[Partial<CameraDef>, RegExp]> = [
  [{ camera: 'The Door' }, /small letters/],
  [{ mostPerSecond: 100 }, /0 to 30/],
  [{ role: 'watch', rotate: 45 }, /0, 90, 180 or 270/],
  [{ role: 'watch', source: 'usb', device: 'video0' }, /\/dev\/video0/],
  [{ role: 'watch', source: 'file', file: 'lobby.mp4' }, /whole path/],
  [{ role: 'watch', source: 'rtsp', address: 'http://door.local' }, /rtsp:\/\//],
  [{ role: 'watch', source: 'rtsp', address: 'rtsp://me:secret@door.local/' }, /own fields/],
];
for (const [def, why] of refused) {
  test(`a dialog that says ${JSON.stringify(def)} is refused, without a secret`, () => {
    assert.throws(
      () => reading(def),
      (fault: { code: string; message: string }) => fault.code === 'INPUT_INVALID' && why.test(fault.message) && !fault.message.includes('secret'),
    );
  });
}

test('each turn is told once; a host that is lost loses its camera, one that starts says nothing', () => {
  const watch = new CameraWatch('main');
  const at = (kind: HostState['kind'], state?: string): HostState => ({
    kind,
    text: kind === 'connected' ? '' : 'gone',
    restarts: 0,
    ...(state && { status: { sight: { cameras: [{ name: 'main', state }] } } as never }),
  });
  const told = (...states: HostState[]): (string | undefined)[] => states.map((state) => watch.observe(state)?.event);
  assert.equal(told(at('starting'), at('lost'), at('connected', 'opening')), [undefined, undefined, undefined]);
  assert.equal(told(at('connected', 'live'), at('connected', 'live'), at('starting'), at('connected', 'live')), ['opened', undefined, undefined, undefined]);
  assert.equal(told(at('connected', 'lost'), at('connected', 'lost'), at('connected', 'live')), ['lost', undefined, 'restored']);
  assert.equal(told(at('lost'), at('failed'), at('connected', 'live')), ['lost', undefined, 'restored']);
  assert.equal(told(at('connected', 'ended'), at('connected', 'ended'), at('connected', 'live')), ['ended', undefined, 'opened']);
  watch.forget();
  assert.equal(told(at('connected', 'lost')), ['lost']);
});

interface Stand extends AsyncDisposable {
  readonly app: Awaited<ReturnType<typeof openConsole>>;
  readonly run: Flow;
  topics(): unknown[];
}

async function open(camera: object, options: Parameters<typeof openConsole>[0] & { token?: string } = {}): Promise<Stand> {
  const folder = new TemporaryFolder();
  const app = await openConsole(options);
  const flow = [
    { id: 'host', type: 'mien-host', mode: 'connect', url: app.url },
    { id: 'camera', type: 'mien-camera', host: 'host', role: 'own', camera: 'main', wires: [['out']], ...camera },
  ];
  const run = await openFlow(nodes, flow, { userDir: folder.path, credentials: { host: { token: options.token ?? '' } } });
  return {
    app,
    run,
    topics: () => run.messages.map(({ topic }) => topic),
    async [Symbol.asyncDispose]() {
      await run[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

test("a host's own camera: opened, people (nobody told once), stopped, started, one snapshot", async () => {
  await using stand = await open({ give: 'people', mostPerSecond: 20 });
  const { app, run } = stand;
  await until('opened', WITHIN_MS, () => stand.topics().includes('camera.opened'));
  const { payload, camera } = must(run.messages.find(({ topic }) => topic === 'camera.opened'));
  assert.is((payload as { width: number }).width, 1280);
  assert.is(camera, 'main');
  const people = (): unknown[] => run.messages.filter(({ topic }) => topic === 'people').map((msg) => (msg.payload as Person[]).map(({ id }) => id));
  app.people.appear('p-aaaaa', { camera: 'main' });
  await until('somebody', WITHIN_MS, () => JSON.stringify(people().at(-1)) === '["p-aaaaa"]');
  app.people.leave('p-aaaaa');
  await until('nobody', WITHIN_MS, () => JSON.stringify(people().at(-1)) === '[]');
  run.send('camera', { payload: 'stop' });
  await until('stopped', WITHIN_MS, () => stand.topics().at(-1) === 'camera.stopped');
  const before = run.messages.length;
  app.people.appear('p-bbbbb', { camera: 'main' });
  run.send('camera', { payload: 1, kept: true });
  await until('a snapshot', WITHIN_MS, () => run.messages.length > before);
  assert.equal([run.messages.at(-1)?.['kept'], people().at(-1)], [true, ['p-bbbbb']]);
  assert.is(run.messages.length, before + 1);
  run.send('camera', { action: 'start' });
  await until('opened again', WITHIN_MS, () => stand.topics().filter((topic) => topic === 'camera.opened').length === 2);
  await until('people again', WITHIN_MS, () => stand.topics().lastIndexOf('people') > before);
  await until('all done', WITHIN_MS, () => run.done.length === 3);
});

test('pictures: one after the other, and none after the close', async () => {
  await using stand = await open({ give: 'pictures', mostPerSecond: 30 });
  const pictures = (): unknown[] => stand.run.messages.filter(({ topic }) => topic === 'picture');
  await until('three pictures', WITHIN_MS, () => pictures().length >= 3);
  const { payload } = must(stand.run.messages.find(({ topic }) => topic === 'picture'));
  assert.ok(Buffer.isBuffer(payload) && Buffer.compare(payload, jpegStub) === 0);
  await until('one preview at most', WITHIN_MS, () => stand.app.sight.previews.open <= 1);
  await stand.run.deploy([]);
  const count = pictures().length;
  await until('no preview is open', WITHIN_MS, () => stand.app.sight.previews.open === 0);
  assert.is(pictures().length, count);
});

test("without the host's permission for pictures: said once, and to each snapshot", async () => {
  const token = 'token-with-24-characters';
  await using stand = await open({ give: 'pictures' }, { token, api: { token, previewToken: 'another-with-24-characters' } });
  await until('it says so', WITHIN_MS, () => stand.run.faults.length === 1);
  stand.run.send('camera', {});
  await until('to the message', WITHIN_MS, () => stand.run.faults.length === 2);
  assert.ok(stand.run.faults.every(({ code }) => code === 'FORBIDDEN'));
  await until('it shows', WITHIN_MS, () => stand.run.statuses('camera').some(({ fill, shape }) => fill === 'yellow' && shape === 'dot'));
});

test('a camera that the host does not have; one that a host elsewhere is told to watch', async () => {
  await using missing = await open({ camera: 'attic' });
  await until('it says so', WITHIN_MS, () => missing.run.faults.length === 1);
  assert.is(missing.run.faults[0]?.code, 'CAMERA_NOT_FOUND');
  await missing.run.deploy([
    { id: 'host', type: 'mien-host', mode: 'connect', url: missing.app.url },
    { id: 'camera', type: 'mien-camera', host: 'host', role: 'watch', camera: 'main', source: 'clip', wires: [['out']] },
  ]);
  await until('the dialog is at fault', WITHIN_MS, () => missing.run.faults.length === 2);
  assert.is(missing.run.faults[1]?.code, 'INPUT_INVALID');
});

test('lost and restored, as the host tells it', async () => {
  await using stand = await open({});
  await until('opened', WITHIN_MS, () => stand.topics().includes('camera.opened'));
  const turn = (state: 'lost' | 'live'): void => {
    const { sight, people } = stand.app;
    sight.current = { ...sight.current, cameras: sight.current.cameras.map((one) => ({ ...one, state })) };
    const why = { rule: state, heldMs: 0, thresholds: {} };
    people.emit(state === 'lost' ? 'camera.lost' : 'camera.restored', 'camera/main', { why, camera: { name: 'main', message: 'unplugged' } });
  };
  turn('lost');
  await until('lost', WITHIN_MS, () => stand.topics().at(-1) === 'camera.lost');
  turn('live');
  await until('restored', WITHIN_MS, () => stand.topics().at(-1) === 'camera.restored');
  assert.equal(stand.topics(), ['camera.opened', 'camera.lost', 'camera.restored']);
});

test('a Mien here watches the sample clip for this node: people, a picture, and no more after a stop', async () => {
  using folder = new TemporaryFolder();
  const flow = [
    { id: 'host', type: 'mien-host', mode: 'here', command: mienCommand, profile: 'kiosk' },
    { id: 'camera', type: 'mien-camera', host: 'host', role: 'watch', camera: 'main', source: 'clip', give: 'people', wires: [['out']] },
    { id: 'pictures', type: 'mien-camera', host: 'host', role: 'own', camera: 'main', wires: [['out']] },
  ];
  await using run = await openFlow(nodes, flow, { userDir: folder.path });
  const has = (topic: string): boolean => run.messages.some((msg) => msg.topic === topic);
  await until('opened', WITHIN_MS, () => has('camera.opened'));
  await until('people of the clip', WITHIN_MS, () => run.messages.some(({ topic, payload }) => topic === 'people' && (payload as Person[]).length > 0));
  run.send('pictures', { payload: 'snapshot' });
  await until('a picture', WITHIN_MS, () => has('picture'));
  const { payload } = must(run.messages.find(({ topic }) => topic === 'picture'));
  assert.ok(Buffer.isBuffer(payload) && payload.length > 1000 && payload[0] === 0xff && payload[1] === 0xd8);
  run.send('camera', { payload: 'stop' });
  await until('nothing is watched', WITHIN_MS, () => {
    return run.faults.some(({ code, source }) => code === 'CAMERA_NOT_FOUND' && source.id === 'pictures');
  });
});

test.run();
