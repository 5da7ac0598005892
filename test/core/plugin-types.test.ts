/** What a plugin's author is told while typing. The mistakes below must stay mistakes: `tsc -p test` fails on an unused `@ts-expect-error`. */
import type { TObject } from 'typebox';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AgeEstimate, EventSchemas, Person, SessionTotals } from '../../core/src/events.ts';
import type { EventGrants, GrantedEvent, GrantedPerson, PersonGrants, SessionGrants } from '../../core/src/granted.ts';
import {
  definePlugin,
  type Grant,
  known,
  type MienError,
  type PluginContext,
  type PluginDefinition,
  type Remote,
  type Services,
  Type,
} from '../../core/src/plugin.ts';

declare module '../../core/src/plugin.ts' {
  interface Services {
    typedSpeech: { say(text: string): Promise<void>; voices(): string[] };
  }
}

const test = suite('types of the SDK');
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Checked by the compiler alone. */
const holds = <T extends true>(..._: T[]): void => {};

const grantsOf = (schema: { properties: object }): Record<string, unknown> =>
  Object.fromEntries(Object.entries(schema.properties as Record<string, { grant?: string }>).map(([name, { grant }]) => [name, grant]));

test('the types name the grants that the schemas are annotated with', () => {
  // Typed, so a property that is missing, too many or under another grant in granted.ts does not compile.
  const person: PersonGrants = {
    id: 'person.presence',
    camera: 'person.presence',
    state: 'person.presence',
    sinceMs: 'person.presence',
    returned: 'person.presence',
    box: 'person.position',
    distance: 'person.position',
    bearingDeg: 'person.position',
    zone: 'person.position',
    quality: 'person.quality',
    age: 'person.age',
    gender: 'person.gender',
    expression: 'person.expression',
    attention: 'person.attention',
    engagement: 'person.attention',
  };
  const session: SessionGrants = {
    dwellMs: 'person.presence',
    attentionMs: 'person.attention',
    glances: 'person.attention',
    looks: 'person.attention',
    closestM: 'person.position',
    zones: 'person.position',
    age: 'person.age',
    gender: 'person.gender',
    expression: 'person.expression',
    expressionShare: 'person.expression',
  };
  const events: EventGrants = {
    'person.appeared': 'person.presence',
    'person.updated': 'person.presence',
    'person.left': 'person.presence',
    'emotion.changed': 'person.expression',
    'attention.started': 'person.attention',
    'attention.ended': 'person.attention',
    'model.selftest': 'device.health',
    'backend.degraded': 'device.health',
    'backend.recovered': 'device.health',
    'camera.lost': 'device.health',
    'camera.restored': 'device.health',
    'plugin.failed': 'device.health',
    'plugin.quarantined': 'device.health',
  };
  assert.equal(person, grantsOf(Person));
  assert.equal(session, grantsOf(SessionTotals));
  assert.equal(Object.fromEntries(Object.entries(EventSchemas).map(([name, schema]) => [name, (schema as unknown as { grant: string }).grant])), events);
  holds<Same<keyof PersonGrants, keyof Person>>();
  holds<Same<keyof SessionGrants, keyof SessionTotals>>();
  holds<Same<keyof EventGrants, keyof typeof EventSchemas>>();
});

test('only the subject of an event about a person has a grant in the envelope', () => {
  for (const [name, { properties }] of Object.entries(EventSchemas)) {
    const expected = 'person' in properties.data.properties ? { subject: 'person.presence' } : {};
    assert.equal(JSON.parse(JSON.stringify(grantsOf({ properties }))), expected, name);
  }
  holds<'subject' extends keyof GrantedEvent<'emotion.changed', 'person.presence' | 'person.expression'> ? true : false>();
  holds<'subject' extends keyof GrantedEvent<'emotion.changed', 'person.expression'> ? false : true>();
  holds<'subject' extends keyof GrantedEvent<'camera.lost', 'device.health'> ? true : false>();
});

test('persons have the granted fields, and no others', () => {
  const plugin = definePlugin({
    name: 'typed',
    apiVersion: 1,
    needs: ['person.presence', 'person.age'],
    setup(context) {
      context.on('person.appeared', ({ person, clock }, event) => {
        holds<Same<typeof person, GrantedPerson<'person.presence' | 'person.age'>>>();
        person.id.toUpperCase();
        clock.capturedMonoMs.toFixed();
        event.subject.toUpperCase();
        if (person.age && 'years' in person.age) person.age.years.toFixed();
        // @ts-expect-error a gender needs person.gender
        person.gender;
        // @ts-expect-error a place needs person.position
        person.zone;
        // @ts-expect-error what was withheld has no years
        person.age?.years;
      });
      context.on('person.updated', ({ previous, settled, changed }) => {
        holds<Same<(typeof settled)[number], 'age' | 'gender' | 'expression'>>();
        changed.includes('age');
        previous.sinceMs?.toFixed();
        // @ts-expect-error former values may be absent
        previous.sinceMs.toFixed();
        // @ts-expect-error nor are former values shown without the grant
        previous.expression;
      });
      context.on('person.left', ({ session, reason }) => {
        session.dwellMs.toFixed();
        // @ts-expect-error not a reason
        reason === 'bored';
        // @ts-expect-error attention needs person.attention
        session.attentionMs;
      });
      context.onPeople((people) => {
        people[0]?.age;
        // @ts-expect-error an expression needs person.expression
        people[0]?.expression;
      });
    },
  });
  assert.equal(plugin.needs, ['person.presence', 'person.age']);
});

test('what is wanted may be missing; its events may be asked for', () => {
  const plugin = definePlugin({
    name: 'wishful',
    apiVersion: 1,
    needs: ['person.presence'],
    wants: ['person.age', 'person.attention'],
    setup(context) {
      holds<Same<typeof context.grants, readonly ('person.presence' | 'person.age' | 'person.attention')[]>>();
      context.on('person.left', ({ person, session }, event) => {
        holds<Same<typeof person, GrantedPerson<'person.presence', 'person.age' | 'person.attention'>>>();
        event.subject.toUpperCase();
        person.id.toUpperCase();
        known(person.age)?.years.toFixed();
        session.dwellMs.toFixed();
        session.attentionMs?.toFixed();
        // @ts-expect-error it may not be granted
        person.attention.score;
        // @ts-expect-error it may not be granted
        session.attentionMs.toFixed();
        // @ts-expect-error it does not ask for it
        person.gender;
      });
      context.on('attention.ended', ({ durationMs }) => durationMs.toFixed());
      context.outbox(['person.left', 'attention.ended'], async () => {});
      // @ts-expect-error needs person.expression
      context.on('emotion.changed', () => {});
    },
  });
  assert.equal([plugin.needs, plugin.wants], [['person.presence'], ['person.age', 'person.attention']]);
  // @ts-expect-error no such grant
  assert.ok(definePlugin({ name: 'odd', apiVersion: 1, wants: ['person.shoes'], setup() {} }));
});

test('known gives what was read, typed by the grants', () => {
  const plugin = definePlugin({
    name: 'reader',
    apiVersion: 1,
    needs: ['person.presence', 'person.age'],
    setup(context) {
      context.on('person.updated', ({ person, previous }) => {
        holds<Same<ReturnType<typeof known<typeof person.age>>, AgeEstimate | undefined>>();
        known(person.age)?.years.toFixed();
        known(previous.age)?.band.toUpperCase();
        // @ts-expect-error it may be withheld
        known(person.age).years;
        // @ts-expect-error a gender needs person.gender
        known(person.gender);
      });
    },
  });
  assert.is(plugin.name, 'reader');
  const age: Person['age'] = { years: 30, sd: 4, p05: 22, p95: 38, band: '25-34', bandP: 0.6, minorP: 0, n: 9, stable: true };
  assert.is(known(age as Person['age'])?.band, '25-34');
  assert.is(known({ label: 'unknown', abstain: 'blur' } as Person['gender']), undefined);
  assert.is(known(undefined as Person['expression']), undefined);
});

test('an event without its grant cannot be asked for', () => {
  const none = definePlugin({
    name: 'blind',
    apiVersion: 1,
    setup(context) {
      // @ts-expect-error it needs nothing, so it sees nothing
      context.on('person.appeared', () => {});
    },
  });
  const present = definePlugin({
    name: 'present',
    apiVersion: 1,
    needs: ['person.presence'],
    setup(context) {
      context.on('person.left', () => {}, { cameras: ['main'] });
      // @ts-expect-error needs person.expression
      context.on('emotion.changed', () => {});
      // @ts-expect-error needs device.health
      context.beforeEmit('camera.lost', () => false);
      // @ts-expect-error needs person.attention
      context.outbox(['person.left', 'attention.ended'], async () => {});
      // @ts-expect-error there is no such event
      context.on('person.arrived', () => {});
      // @ts-expect-error a filter does not name events
      context.on('person.left', () => {}, { types: ['person.left'] });
      // @ts-expect-error neither a veto nor an addition
      context.beforeEmit('person.appeared', () => 7);
      context.beforeEmit('person.appeared', async ({ person }) => (person.returned ? false : { seen: true }));
      context.outbox(['person.left', 'person.appeared'], async ({ data, id }, { attempt, signal }) => {
        fetchNothing(id, data.person.id, attempt, signal);
        // @ts-expect-error only a part of these events has it
        data.session;
      });
    },
  });
  assert.equal([none.needs, present.needs], [undefined, ['person.presence']]);
});
function fetchNothing(..._: [id: string, person: string, attempt: number, signal: AbortSignal]): void {}

test('options have the types of their schema', () => {
  const plugin = definePlugin({
    name: 'greeter',
    apiVersion: 1,
    options: Type.Object({ greeting: Type.String({ default: 'Hello' }), everyMs: Type.Optional(Type.Number()) }),
    setup(_context, options) {
      options.greeting.toUpperCase();
      options.everyMs?.toFixed();
      // @ts-expect-error may be absent
      options.everyMs.toFixed();
      // @ts-expect-error a text
      options.greeting.toFixed();
      // @ts-expect-error no such option
      options.greetings;
    },
  });
  const without = definePlugin({
    name: 'plain',
    apiVersion: 1,
    setup(_context, options) {
      // @ts-expect-error it has no options
      options.greeting;
    },
  });
  assert.ok(plugin.options && !without.options);
  // @ts-expect-error options are an object
  assert.ok(definePlugin({ name: 'odd', apiVersion: 1, options: Type.String(), setup() {} }));
});

test('services are known by name, and answer later', () => {
  const plugin = definePlugin({
    name: 'speaker',
    apiVersion: 1,
    uses: ['typedSpeech'],
    provides: ['typedSpeech'],
    async setup(context) {
      const speech = context.service('typedSpeech');
      holds<Same<typeof speech, Remote<Services['typedSpeech']>>>();
      await speech.say('hello');
      (await speech.voices()).map((voice) => voice.toUpperCase());
      // @ts-expect-error answers come later
      speech.voices().map;
      // @ts-expect-error a text is said
      await speech.say(7);
      // @ts-expect-error no such method
      await speech.sing();
      // @ts-expect-error nobody declared it
      context.service('typedSinging');
      context.provide('typedSpeech', { say: async () => {}, voices: () => ['low'] });
      // @ts-expect-error not all of it
      context.provide('typedSpeech', { say: async () => {} });
      const people = await context.service('people').current();
      people[0]?.id.toUpperCase();
      // @ts-expect-error the swap says to what
      await context.service('models').swap('mien');
    },
  });
  assert.equal(plugin.uses, ['typedSpeech']);
  // @ts-expect-error nobody declared it
  assert.ok(definePlugin({ name: 'odd', apiVersion: 1, uses: ['typedSinging'], setup() {} }));
});

test('commands get what their schema says', () => {
  const wave = (context: PluginContext<never>): Disposable =>
    context.command('wave', Type.Object({ times: Type.Integer({ minimum: 1 }), hand: Type.Optional(Type.Enum(['left', 'right'])) }), ({ times, hand }) => {
      holds<Same<typeof times, number>>();
      holds<Same<typeof hand, 'left' | 'right' | undefined>>();
      return times;
    });
  const nod = (context: PluginContext<never>): Disposable =>
    context.command('nod', Type.Object({}), (input) => {
      // @ts-expect-error not in the schema
      input.times;
    });
  const calls = async (context: PluginContext<never>): Promise<void> => {
    const answer = await context.run('wave', { times: 2 });
    // @ts-expect-error what a command answers is not known
    answer.times;
    // @ts-expect-error an input is an object
    await context.run('wave', 2);
    // @ts-expect-error an input's schema is an object
    context.command('nod', Type.String(), () => {});
  };
  for (const use of [wave, nod, calls]) assert.type(use, 'function');
});

test('a definition lacks nothing, and the same is refused where nobody checked types', () => {
  const refused = (define: () => unknown): void => {
    try {
      define();
    } catch (fault) {
      assert.is((fault as MienError).code, 'PLUGIN_INVALID');
      return;
    }
    assert.unreachable();
  };
  // @ts-expect-error no such grant; the host blocks the plugin over it
  assert.ok(definePlugin({ name: 'odd', apiVersion: 1, needs: ['person.shoes'], setup() {} }));
  const odd = { name: 'odd', apiVersion: 1, setup() {} } as const;
  // @ts-expect-error no setup
  refused(() => definePlugin({ ...odd, setup: undefined }));
  // @ts-expect-error made for another API
  refused(() => definePlugin({ ...odd, apiVersion: 2 }));
  // @ts-expect-error no name
  refused(() => definePlugin({ ...odd, name: null }));
  // @ts-expect-error a typing mistake
  assert.ok(definePlugin({ name: 'odd', apiVersion: 1, need: ['person.age'], setup() {} }));
});

test('a function may take any plugin', () => {
  const nameOf = <N extends readonly Grant[], O extends TObject>({ name }: PluginDefinition<N, O>): string => name;
  const wishful = definePlugin({ name: 'wishful', apiVersion: 1, needs: ['person.age'], wants: ['person.gender'], setup() {} });
  const some = definePlugin({ name: 'some', apiVersion: 1, needs: ['person.age'], options: Type.Object({ a: Type.String() }), setup() {} });
  assert.equal([nameOf(some), nameOf(definePlugin({ name: 'none', apiVersion: 1, setup() {} }))], ['some', 'none']);
  assert.is(nameOf(wishful), 'wishful');
});

test.run();
