/** One suite for the three places where a plugin may run: it must not be able to tell. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rejectsWith } from '../support/errors.ts';
import { fixture, openHost, patienceMs, reasonOf, TemporaryFolder, untilStatus, writePlugin } from '../support/plugin-host.ts';
import { until } from '../support/processes.ts';

type Answered = Record<string, unknown>;

for (const isolation of ['own', 'shared', 'host'] as const) {
  const contract = suite(`plugin contract, isolation ${isolation}`);

  contract('events come in order, filtered by name and condition, with granted fields only', async () => {
    using folder = new TemporaryFolder();
    const from = writePlugin(
      folder.path,
      'listener',
      `needs: ['person.presence', 'person.age'], setup(context) {
        const heard: string[] = [];
        let fields: string[] = [];
        context.on('person.appeared', ({ person }) => { heard.push('near ' + person.id); fields = Object.keys(person).sort(); }, { cameras: ['main'] });
        context.on('person.left', ({ person }) => { heard.push('left ' + person.id); });
        context.command('heard', Type.Object({}), () => ({ heard, fields }));
      }`,
    );
    await using test = await openHost({ stateFolder: folder.path, plugins: { listener: { from, isolation, grant: ['person.presence', 'person.age'] } } });
    await test.host.start();
    assert.is(test.host.status('listener').state, 'running', test.host.status('listener').reason);
    for (let i = 0; i < 5; i += 1) {
      test.people.appear(`p-aaaa${i}`);
      test.people.appear(`p-bbbb${i}`, { camera: 'side' });
      test.people.leave(`p-aaaa${i}`);
    }
    await untilStatus(test.host, 'listener', ({ events }) => events.delivered >= 10);
    let answer: Answered = {};
    const started = performance.now();
    while ((answer['heard'] as unknown[] | undefined)?.length !== 10 && performance.now() - started < patienceMs)
      answer = (await test.host.run('heard', {})) as Answered;
    assert.equal(
      answer['heard'],
      [0, 1, 2, 3, 4].flatMap((i) => [`near p-aaaa${i}`, `left p-aaaa${i}`]),
    );
    assert.not((answer['fields'] as string[]).some((field) => ['gender', 'expression', 'box', 'zone', 'attention'].includes(field)));
    assert.ok((answer['fields'] as string[]).includes('id'));
  });

  contract('options are filled in, faulty ones named with their path, and a plugin without good ones is blocked', async () => {
    using folder = new TemporaryFolder();
    const from = writePlugin(
      folder.path,
      'optional',
      `options: Type.Object({ greeting: Type.String({ default: 'Hello' }), pin: Type.String({ default: '0000', secret: true }), loud: Type.Boolean({ default: false }) }),
       setup(context, options) { context.command('options', Type.Object({}), () => options); }`,
    );
    await using test = await openHost({
      stateFolder: folder.path,
      plugins: { optional: { from, isolation, options: { loud: true } }, wrong: { from, isolation, options: { greting: 'Hi', loud: 'very' } } },
    });
    await test.host.start();
    assert.equal(await test.host.run('options', {}), { greeting: 'Hello', pin: '0000', loud: true });
    assert.equal(test.host.status('optional').options, { greeting: 'Hello', pin: '********', loud: true });
    const wrong = test.host.status('wrong');
    assert.is(wrong.state, 'blocked');
    assert.match(reasonOf(test.host, 'wrong'), /greting: unknown key\. Did you mean "greeting"\?/);
    assert.match(reasonOf(test.host, 'wrong'), /loud/);
    assert.is((await test.host.check('optional', { loud: 1 })).length, 1);
    assert.equal(await test.host.check('optional', {}), []);
    assert.is((await test.host.check('wrong', { loud: 1 })).length, 1);
  });

  contract('commands and services between plugins: checked input, results, faults with their code', async () => {
    using folder = new TemporaryFolder();
    const speaker = writePlugin(
      folder.path,
      'speaker',
      `provides: ['speech' as never], setup(context) {
        const said: string[] = [];
        (context.provide as any)('speech', { say: (text: string) => said.push(text), fail: () => { throw new Error('no voice'); } });
        context.command('said', Type.Object({}), () => said);
        context.command('secret', Type.Object({}), () => 'of the speaker', { openTo: 'api' });
      }`,
    );
    const talker = writePlugin(
      folder.path,
      'talker',
      `uses: ['speech' as never], async setup(context) {
        const speech = (context.service as any)('speech');
        await speech.say('first');
        context.command('talk', Type.Object({ text: Type.String({ minLength: 1 }) }), async ({ text }) => ({ count: await speech.say(text), said: await context.run('said') }));
        context.command('break', Type.Object({}), () => speech.fail());
        context.command('pry', Type.Object({}), () => context.run('secret').catch(({ code }: { code: string }) => code));
      }`,
    );
    await using test = await openHost({ stateFolder: folder.path, plugins: { talker: { from: talker, isolation }, speaker: { from: speaker, isolation } } });
    await test.host.start();
    assert.is(test.host.status('talker').state, 'running', test.host.status('talker').reason);
    assert.equal(await test.host.run('talk', { text: 'second' }), { count: 2, said: ['first', 'second'] });
    assert.match((await rejectsWith('REQUEST_INVALID', () => test.host.run('talk', { text: '' }))).message, /text/);
    await rejectsWith('COMMAND_UNKNOWN', () => test.host.run('tlak', {}));
    assert.match((await rejectsWith('COMMAND_FAILED', () => test.host.run('break', {}))).message, /no voice/);
    assert.equal(
      test.host
        .commands()
        .map(({ name, plugin }) => `${plugin}: ${name}`)
        .sort(),
      ['speaker: said', 'speaker: secret', 'talker: break', 'talker: pry', 'talker: talk'],
    );
    assert.equal(test.host.status('talker').commands, ['talk', 'break', 'pry']);
    assert.is(await test.host.run('pry', {}), 'FORBIDDEN');
    assert.is(await test.host.run('secret', {}), 'of the speaker');
  });

  contract('beforeEmit holds back and adds; an event that passes stays in order', async () => {
    using folder = new TemporaryFolder();
    const from = writePlugin(
      folder.path,
      'gate',
      `needs: ['person.presence'], setup(context) {
        context.beforeEmit('person.appeared', ({ person }) => person.id === 'p-vetoo' ? false : { note: person.id });
      }`,
    );
    await using test = await openHost({ stateFolder: folder.path, plugins: { gate: { from, isolation, grant: ['person.presence'] } } });
    await test.host.start();
    test.people.appear('p-warmm');
    await until('the first passes', patienceMs, () => test.events.length === 1);
    test.people.appear('p-vetoo');
    test.people.appear('p-okayy');
    await until('what passes has passed', patienceMs, () => test.events.some(({ subject }) => subject === 'person/p-okayy'));
    assert.is(Number(test.events.at(-1)?.sequence), test.events.length);
    // A loaded machine may miss the 20 ms, and then nothing is held back or added.
    const { vetoed, late } = test.host.status('gate').events;
    if (late > 0) return console.log(`SKIPPED: ${late} answers came after the deadline of 20 ms`);
    assert.is(vetoed, 1);
    assert.equal(
      test.events.map(({ subject }) => subject),
      ['person/p-warmm', 'person/p-okayy'],
    );
    assert.equal(test.events[1]?.data.extra, { gate: { note: 'p-okayy' } });
  });

  contract('the store survives a restart; what is deferred runs newest first, after the signal', async () => {
    using folder = new TemporaryFolder();
    const from = writePlugin(
      folder.path,
      'keeper',
      `async setup(context) {
        const lives = ((await context.store.get<number>('lives')) ?? 0) + 1;
        await context.store.set('lives', lives);
        context.command('keeper.lives', Type.Object({}), () => lives);
        context.defer(async () => { await context.store.set('deferred', [...((await context.store.get<string[]>('deferred')) ?? []), 'first']); });
        context.defer(async () => { await context.store.set('deferred', ['second', String(context.signal.aborted)]); });
        const deferred = await context.store.get('deferred');
        context.command('keeper.deferred', Type.Object({}), () => deferred ?? null);
      }`,
    );
    await using test = await openHost({ stateFolder: folder.path, plugins: { keeper: { from, isolation } } });
    await test.host.start();
    assert.is(await test.host.run('keeper.lives', {}), 1);
    assert.is(await test.host.run('keeper.deferred', {}), null);
    assert.is((await test.host.restart('keeper')).state, 'running');
    assert.is(await test.host.run('keeper.lives', {}), 2);
    assert.equal(await test.host.run('keeper.deferred', {}), ['second', 'true', 'first']);
  });

  contract('people are followed at the rate of frames, and asked for', async () => {
    using folder = new TemporaryFolder();
    const from = writePlugin(
      folder.path,
      'follower',
      `needs: ['person.presence'], setup(context) {
        let newest: unknown = null;
        context.onPeople((people, camera) => { newest = { camera, ids: people.map(({ id }) => id) }; });
        context.command('newest', Type.Object({}), () => newest);
        context.command('now', Type.Object({}), async () => (await context.service('people').current()).map(({ id }) => id));
      }`,
    );
    await using test = await openHost({ stateFolder: folder.path, plugins: { follower: { from, isolation, grant: ['person.presence'] } } });
    await test.host.start();
    test.people.appear('p-onone');
    test.people.appear('p-twotw');
    const wanted = JSON.stringify({ camera: 'main', ids: ['p-onone', 'p-twotw'] });
    const started = performance.now();
    let newest: unknown;
    while (JSON.stringify(newest) !== wanted && performance.now() - started < patienceMs) newest = await test.host.run('newest', {});
    assert.is(JSON.stringify(newest), wanted);
    assert.equal(await test.host.run('now', {}), ['p-onone', 'p-twotw']);
  });

  contract('a fault in setup and one in a handler are told with what went wrong, and a good one runs beside', async () => {
    using folder = new TemporaryFolder();
    const grant = ['person.presence'];
    const faulty = (fault: string) => ({ from: fixture('faulty.ts'), grant, isolation, options: { fault } });
    await using test = await openHost({ stateFolder: folder.path, plugins: { setup: faulty('setup'), handler: faulty('handler'), good: faulty('none') } });
    await test.host.start();
    test.people.appear('p-aaaaa');
    await untilStatus(test.host, 'handler', ({ events }) => events.faults === 1);
    assert.is(test.host.status('handler').state, 'running');
    const quarantined = await untilStatus(test.host, 'setup', ({ state }) => state === 'quarantined');
    assert.match(quarantined.reason ?? '', /the setup failed/);
    await untilStatus(test.host, 'good', ({ events }) => events.delivered === 1);
    assert.is(test.host.status('good').restarts, 0);
  });

  contract.run();
}
