import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { StartOrder } from '../../../../core/src/host/plugins/start-order.ts';

const order = suite('start order of plugins');
const never = new AbortController().signal;

function starting(...members: [name: string, uses: string[], provides: string[]][]): StartOrder {
  const made = new StartOrder();
  for (const [name] of members) made.set(name, 'starting');
  for (const member of members) made.describe(...member);
  return made;
}
const reasonOf = (made: StartOrder, name: string): string => {
  const verdict = made.verdict(name);
  return typeof verdict === 'object' ? verdict.reason : verdict;
};

order('waits for a provider that is starting, goes when it runs, and again when it has gone', () => {
  const made = starting(['user', ['speech', 'people'], []], ['speaker', [], ['speech']]);
  assert.is(made.verdict('user'), 'wait');
  assert.is(made.verdict('speaker'), 'go');
  made.set('speaker', 'running');
  assert.is(made.verdict('user'), 'go');
  made.set('speaker', 'down', 'is quarantined');
  assert.is(reasonOf(made, 'user'), 'uses the service "speech" of speaker, which is quarantined');
});

order('what one provides itself need not come from others', () => {
  const made = starting(['both', ['speech'], ['speech']]);
  assert.is(made.verdict('both'), 'go');
});

order('while somebody is loaded nobody knows what will be offered; then a missing service is named, with the nearest', () => {
  const made = starting(['user', ['speach'], []], ['speaker', [], ['speech']]);
  made.set('unknown', 'starting');
  assert.is(made.verdict('user'), 'wait');
  made.set('unknown', 'down', 'is blocked itself');
  assert.match(reasonOf(made, 'user'), 'uses the service "speach", which no plugin here provides. Did you mean "speech"?');
});

order('a circle is named step by step, also for those who only lead into it', () => {
  const made = starting(['a', ['y'], ['x']], ['b', ['z'], ['y']], ['c', ['x'], ['z']], ['outside', ['x'], []]);
  assert.match(reasonOf(made, 'a'), 'uses in a circle: a uses y of b, b uses z of c, c uses x of a');
  for (const name of ['a', 'b', 'c']) made.set(name, 'down', 'is blocked itself');
  assert.match(reasonOf(made, 'outside'), 'uses the service "x" of a, which is blocked itself');
});

order('who waits is told when the verdict changes, or when the wait is given up', async () => {
  const made = starting(['user', ['speech'], []], ['speaker', [], ['speech']]);
  const going = made.until('user', (verdict) => verdict === 'go', never);
  made.set('speaker', 'running');
  assert.is(await going, 'go');
  const closing = new AbortController();
  made.set('speaker', 'down', 'is stopped');
  const waiting = made.until('user', (verdict) => verdict === 'go', closing.signal);
  closing.abort(new Error('given up'));
  assert.is(await waiting.catch((fault: Error) => fault.message), 'given up');
  made.delete('speaker');
  assert.equal(made.usersOf('speaker'), []);
});

order('property: whoever starts as it is told ends up running, unless a service is missing or in a circle', () => {
  const names = ['a', 'b', 'c', 'd', 'e'] as const;
  const uses = fc.record(Object.fromEntries(names.map((name) => [name, fc.subarray([...names.map((one) => `of-${one}`), 'of-nobody'])])));
  fc.assert(
    fc.property(uses, (wishes) => {
      const made = starting(...names.map((name): [string, string[], string[]] => [name, wishes[name] ?? [], [`of-${name}`]]));
      const state = new Map<string, string>(names.map((name) => [name, 'starting']));
      for (let changed = true; changed; ) {
        changed = false;
        for (const name of names) {
          if (state.get(name) !== 'starting') continue;
          const verdict = made.verdict(name);
          if (verdict === 'wait') continue;
          const next = verdict === 'go' ? 'running' : 'down';
          made.set(name, next, 'is blocked itself');
          state.set(name, next);
          changed = true;
        }
      }
      // What can run, by plain reasoning: everything it uses of others can run before it.
      const able = new Set<string>();
      for (let grown = true; grown; ) {
        grown = false;
        for (const name of names) {
          const served = (wishes[name] ?? []).every((service) => service === `of-${name}` || able.has(service.slice(3)));
          if (able.has(name) || !served) continue;
          able.add(name);
          grown = true;
        }
      }
      for (const name of names) assert.is(state.get(name), able.has(name) ? 'running' : 'down', `${name} of ${JSON.stringify(wishes)}`);
    }),
  );
});

order.run();
