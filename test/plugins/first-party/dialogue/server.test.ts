/** The MCP server of the dialogue plugin, asked by the official SDK's own client over Streamable HTTP, in every isolation. */
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Person } from '../../../../core/src/events.ts';
import type { PeopleReport, SceneReport } from '../../../../plugins/dialogue/reports.ts';
import { known } from '../../../support/fake-people.ts';
import { type ConnectedClient, connectClient, httpTransport, openDialogue } from '../../../support/mcp.ts';
import { must } from '../../../support/must.ts';
import { patienceMs, TemporaryFolder, untilStatus } from '../../../support/plugin-host.ts';
import { until } from '../../../support/processes.ts';
import { recordingPlayer } from '../../../support/speech.ts';

const server = suite('dialogue: MCP over HTTP');

const attending: Person['attention'] = { state: 'attending', score: 0.9, currentMs: 4000, totalMs: 9000, glances: 1 };

interface Answer<R> {
  readonly text: string;
  readonly report: R;
  readonly isError: boolean;
}
async function call<R = object>({ client }: ConnectedClient, name: string, args: object = {}, options: object = {}): Promise<Answer<R>> {
  const { content, structuredContent, isError } = await client.callTool({ name, arguments: { ...args } }, undefined, options);
  return { text: (content as [{ text: string }])[0].text, report: structuredContent as R, isError: isError === true };
}
const untilHere = (connected: ConnectedClient, count: number) =>
  until(`${count} people`, patienceMs, async () => (await call<PeopleReport>(connected, 'who_is_here')).report.count === count);

for (const isolation of ['own', 'shared', 'host'] as const) {
  server(`${isolation}: tools and resources tell how people appear, how old that is, and that they are simulated or not`, async () => {
    await using dialogue = await openDialogue({ isolation });
    await using connected = await connectClient(httpTransport(await dialogue.address()));
    const { client } = connected;
    assert.is(client.getServerVersion()?.name, 'mien');
    assert.match(must(client.getInstructions()), 'They say nothing about who somebody is');
    const { tools } = await client.listTools();
    assert.equal(tools.map(({ name }) => name).sort(), ['describe_scene', 'wait_for', 'who_is_here'], 'no say without the speech plugin');
    const nobody = await call<PeopleReport>(connected, 'who_is_here');
    assert.equal(nobody.report, { count: 0, people: [], observedMsAgo: null, isSimulated: null });
    assert.is(nobody.text, 'Nobody is here.\nNo camera has been heard of yet.');

    dialogue.test.people.appear('p-aaaaa', { sinceMs: 12_000, zone: 'near', attention: attending, ...known });
    await untilHere(connected, 1);
    const { text, report } = await call<PeopleReport>(connected, 'who_is_here');
    assert.match(
      text,
      /^One person is here\.\nPerson p-aaaaa: about 1\.4 m away, here for 12 s, appears to be in their thirties, appears female, appears to smile and has been turned to the device for 4 s\.\nObserved \d\.\d s ago\.$/,
    );
    const person = must(report.people[0]);
    assert.is(report.isSimulated, false);
    assert.equal(person.apparentAge, { words: 'appears to be in their thirties', band: '25-34', lowest: 26, highest: 43 });
    assert.equal(
      [person.apparentGender, person.apparentExpression, person.isTurnedToDevice, person.turnedForS, person.distanceM],
      ['female', 'positive', true, 4, 1.4],
    );
    assert.ok(person.observedMsAgo >= 0 && person.observedMsAgo < patienceMs);

    const scene = await call<SceneReport>(connected, 'describe_scene');
    assert.match(
      scene.text,
      /^One person is here\. 1 of 1 is turned to the device\. 1 appears to smile\. Where they stand: 1 near\. In the last minute 1 came and 0 left\. Observed/,
    );
    assert.equal([scene.report.turnedToDevice, scene.report.appearToSmile, scene.report.zones], [1, 1, { near: 1 }]);

    const { resources } = await client.listResources();
    assert.equal(resources.map(({ uri }) => uri).sort(), ['mien://people', 'mien://person/p-aaaaa', 'mien://scene']);
    const read = async (uri: string) => JSON.parse((must((await client.readResource({ uri })).contents[0]) as { text: string }).text);
    assert.is((await read('mien://people')).count, 1);
    assert.is((await read('mien://scene')).count, 1);
    assert.is((await read('mien://person/p-aaaaa')).id, 'p-aaaaa');
    await client.readResource({ uri: 'mien://person/p-zzzzz' }).then(
      () => assert.unreachable(),
      (fault: Error) => assert.match(fault.message, 'nobody here is mien://person/p-zzzzz'),
    );
    dialogue.test.people.leave('p-aaaaa');
    await untilHere(connected, 0);
  });
}

server('what is withheld, or was not granted, is not known, and which of these it is is not told', async () => {
  const tells = async (grant: string[], part: Partial<Person>) => {
    await using dialogue = await openDialogue({ grant });
    await using connected = await connectClient(httpTransport(await dialogue.address()));
    dialogue.test.people.appear('p-aaaaa', part);
    await untilHere(connected, 1);
    const { text, report } = await call<PeopleReport>(connected, 'who_is_here');
    return { words: must(text.split('\n')[1]), person: must(report.people[0]) };
  };
  const withheld = { label: 'unknown', abstain: 'policy' } as const;
  const bare = await tells(['person.presence'], known);
  assert.is(bare.words, 'Person p-aaaaa: here for 0.3 s. Not known: age, gender, expression and whether they look at the device.');
  assert.equal([bare.person.apparentAge, bare.person.distanceM, bare.person.zone, bare.person.isTurnedToDevice], [null, null, null, null]);
  const minor = await tells(['person.presence', 'person.age', 'person.gender', 'person.expression'], {
    age: { ...must(known.age), years: 9, band: '0-12', p05: 6, p95: 12 } as never,
    gender: withheld,
    expression: withheld,
  });
  assert.is(minor.words, 'Person p-aaaaa: here for 0.3 s and appears to be under 18. Not known: gender, expression and whether they look at the device.');
  assert.not.match(JSON.stringify(minor), 'policy');
});

server('wait_for: at once where it is so; when it happens; nothing in time; cancelled; without the grant', async () => {
  await using dialogue = await openDialogue();
  await using connected = await connectClient(httpTransport(await dialogue.address()));
  const { people } = dialogue.test;
  const progress: number[] = [];
  const coming = call<{ happened: boolean; personId: string }>(
    connected,
    'wait_for',
    { what: 'person' },
    { onprogress: ({ progress: at }: { progress: number }) => progress.push(at) },
  );
  await until('it is under way', patienceMs, () => progress.length > 0);
  people.appear('p-aaaaa', { attention: { ...attending, state: 'away' } });
  const came = await coming;
  assert.equal([came.report.happened, came.report.personId], [true, 'p-aaaaa']);
  assert.match(came.text, /^It happened after .* Person p-aaaaa:/);
  const already = await call<{ wasSoAlready: boolean }>(connected, 'wait_for', { what: 'person' });
  assert.is(already.report.wasSoAlready, true);

  for (const [what, part] of [
    ['smile', { expression: known.expression }],
    ['attention', { attention: attending }],
  ] as const) {
    const waiting = call<{ happened: boolean }>(connected, 'wait_for', { what });
    people.update('p-aaaaa', part as Partial<Person>);
    assert.is((await waiting).report.happened, true, what);
  }
  const leaving = call<{ happened: boolean }>(connected, 'wait_for', { what: 'leaving' }, { onprogress: () => progress.push(-1) });
  await until('it is under way', patienceMs, () => progress.includes(-1));
  people.leave('p-aaaaa');
  assert.match((await leaving).text, 'Person p-aaaaa has left.');
  assert.match((await call(connected, 'wait_for', { what: 'leaving' })).text, 'Nobody is here who could leave.');
  const late = await call<{ happened: boolean; waitedMs: number }>(connected, 'wait_for', { what: 'person', timeoutS: 1 });
  assert.is(late.report.happened, false);
  assert.match(late.text, 'Nobody came within 1 s.');
  assert.is((await call(connected, 'wait_for', { what: 'person', timeoutS: 121 })).isError, true);
  assert.is((await call(connected, 'wait_for', { what: 'joy' })).isError, true);

  // As many waits as may be: a cancelled one makes room.
  const controller = new AbortController();
  const all = Array.from({ length: 8 }, () =>
    call(connected, 'wait_for', { what: 'person', timeoutS: 120 }, { signal: controller.signal }).catch((fault) => fault),
  );
  await until('no more waits', patienceMs, async () => (await call(connected, 'wait_for', { what: 'person', timeoutS: 1 })).isError);
  controller.abort('enough');
  await Promise.all(all);
  await until('there is room again', patienceMs, async () => !(await call(connected, 'wait_for', { what: 'person', timeoutS: 1 })).isError);

  await using poor = await openDialogue({ grant: ['person.presence'] });
  await using other = await connectClient(httpTransport(await poor.address()));
  const refused = await call(other, 'wait_for', { what: 'smile' });
  assert.is(refused.isError, true);
  assert.match(refused.text, 'has not granted person.expression');
});

server('notices: only after a change, to who subscribed, at most one a second and person; the last change is told', async () => {
  await using dialogue = await openDialogue();
  const address = await dialogue.address();
  await using connected = await connectClient(httpTransport(address));
  await using other = await connectClient(httpTransport(address));
  const { people } = dialogue.test;
  people.appear('p-aaaaa', known);
  people.appear('p-bbbbb');
  await untilHere(connected, 2);
  const uris = ['mien://people', 'mien://person/p-aaaaa'];
  for (const uri of uris) await connected.client.subscribeResource({ uri });
  const started = performance.now();
  // 30 changes of A within a second and a half.
  for (let at = 0; at < 30; at += 1) {
    people.update('p-aaaaa', { zone: at % 2 === 0 ? 'near' : 'mid' });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const tookMs = performance.now() - started;
  const of = (uri: string) => connected.updates.filter((update) => update.uri === uri);
  await until('the last change is told', patienceMs, () => uris.every((uri) => must(of(uri).at(-1)).atMs > started + tookMs - 100));
  for (const uri of uris) {
    // At once, then at most one in each second begun, the last of which may come after them.
    assert.ok(of(uri).length >= 2 && of(uri).length <= Math.ceil(tookMs / 1000) + 2, `${uri}: ${of(uri).length} in ${tookMs} ms`);
  }
  // Nothing changes: nothing is told, though snapshots go on.
  await new Promise((resolve) => setTimeout(resolve, 1200));
  const count = connected.updates.length;
  await new Promise((resolve) => setTimeout(resolve, 1200));
  assert.is(connected.updates.length, count);
  assert.is(other.updates.length, 0);
  assert.is(of('mien://person/p-bbbbb').length, 0);
  // Who has left is told once more, and the subscription is gone with them.
  const told = uris.map((uri) => of(uri).length);
  people.leave('p-aaaaa');
  await until('the leaving is told', patienceMs, () => uris.every((uri, at) => of(uri).length === (told[at] ?? 0) + 1));
  await connected.client.unsubscribeResource({ uri: 'mien://people' });
  const before = of('mien://people').length;
  people.update('p-bbbbb', { zone: 'near' });
  await connected.client.subscribeResource({ uri: 'mien://scene' });
  people.update('p-bbbbb', { zone: 'far' });
  await until('the scene is told', patienceMs, () => of('mien://scene').length > 0);
  assert.is(of('mien://people').length, before);
});

server('say is there while the speech plugin is; its list of tools changes with it', async () => {
  using folder = new TemporaryFolder();
  const log = join(folder.path, 'heard');
  const speech = {
    from: '@mien/plugins/speech',
    grant: ['person.presence'],
    options: { ...recordingPlayer(log), engine: 'command', engineCommand: '/no/engine' },
  };
  await using dialogue = await openDialogue({ plugins: { speech } });
  await using connected = await connectClient(httpTransport(await dialogue.address()));
  const hasSay = async () => (await connected.client.listTools()).tools.some(({ name }) => name === 'say');
  assert.is(await hasSay(), true);
  const refused = await call(connected, 'say', { text: 'Hello' });
  assert.is(refused.isError, true);
  assert.match(refused.text, 'there is no program /no/engine');
  await dialogue.test.host.configure('speech', { enabled: false });
  await until('the list has changed', patienceMs, () => connected.toolLists > 0);
  assert.is(await hasSay(), false);
  assert.is((await call(connected, 'say', { text: 'Hello' })).isError, true);
  await dialogue.test.host.configure('speech', { enabled: true });
  await untilStatus(dialogue.test.host, 'speech', ({ state }) => state === 'running');
  await until('it is back', patienceMs, hasSay);
});

server.run();
