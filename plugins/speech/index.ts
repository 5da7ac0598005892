/** Speaks: greets people, says what it is told, and is silent when nobody listens. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definePlugin, Type } from '@mien/core/plugin';
import { createEngine } from './engine.ts';
import { Greeter, type Moment } from './greeter.ts';
import { optionFaults, SpeechOptions } from './options.ts';
import { PhraseCache } from './phrase-cache.ts';
import { findPlayer } from './player.ts';
import { openPrograms } from './programs.ts';
import type { SpeechService } from './service.ts';
import { Speaker } from './speaker.ts';
import { priorities } from './speech-queue.ts';
import { Voice } from './voice.ts';

export type { SayAnswer, SayOptions, SpeechService, SpeechStatus } from './service.ts';

declare module '@mien/core/plugin' {
  /** For whoever says `import type {} from '@mien/plugins/speech'`. */
  interface Services {
    speech: SpeechService;
  }
}

/** What a moment is known by, beside person.presence. */
const grantOf = { 'age.settled': 'person.age', 'attention.started': 'person.attention', 'emotion.positive': 'person.expression' } as const;

const Say = Type.Object({
  text: Type.String({ minLength: 1, maxLength: 50_000, description: 'what is said' }),
  language: Type.Optional(Type.String({ minLength: 1, maxLength: 60, description: 'another one than the option language' })),
  priority: Type.Optional(Type.Enum(priorities, { description: 'urgent goes before all others, and is said in quiet hours too' })),
  interrupt: Type.Optional(Type.Boolean({ description: 'cut off what is being said' })),
  person: Type.Optional(Type.String({ maxLength: 100, description: 'to whom: the id of a person' })),
});

export default definePlugin({
  name: 'speech',
  apiVersion: 1,
  description: 'Speaks: greets people and says what other plugins and the API tell it, through espeak-ng or any program.',
  needs: ['person.presence'],
  wants: ['person.age', 'person.attention', 'person.expression', 'person.position', 'person.gender'],
  provides: ['speech'],
  options: SpeechOptions,
  checkOptions: optionFaults,
  async setup(context, options) {
    const { log, signal } = context;
    const programs = await openPrograms();
    const cache = new PhraseCache(options.cacheMb * 1024 * 1024);
    // Several plugins may have one temporary folder.
    const folder = join(tmpdir(), context.name);
    const engine = createEngine(options, programs, folder);
    const voice = new Voice({ engine, programs, cache, signal, findPlayer: () => findPlayer(options, programs, folder) });
    const speaker = new Speaker({ options, voice, cache, log });
    context.defer(() => speaker.close());
    const greeter = new Greeter(options.greetings, options.language);
    context.provide('speech', speaker);
    context.command('speech.say', Say, ({ text, ...how }) => speaker.say(text, how));
    context.command('speech.stop', Type.Object({}), async () => ({ stopped: await speaker.stop() }));
    context.command('speech.status', Type.Object({}), () => speaker.status());

    const greet = (moment: Moment, id: string, data: object): void => {
      for (const { text, language } of greeter.at(moment, id, data)) speaker.greet(text, language, id);
    };
    context.on('person.appeared', (data) => greet('person.appeared', data.person.id, data));
    context.on('person.updated', (data) => {
      if (data.settled.includes('age')) greet('age.settled', data.person.id, data);
    });
    context.on('emotion.changed', (data) => {
      if (data.to === 'positive') greet('emotion.positive', data.person.id, data);
    });
    const attending = new Set<string>();
    /** Who speaks to nobody in particular is heard by whoever looks: silent when the last one turns away. */
    const turnedAway = (id: string): void => {
      if (!attending.delete(id) || options.whenTurnedAway === 'go-on') return;
      speaker.cutFor((person) => person === id || (person === undefined && attending.size === 0));
    };
    context.on('attention.started', (data) => {
      attending.add(data.person.id);
      greet('attention.started', data.person.id, data);
    });
    context.on('attention.ended', ({ person }) => turnedAway(person.id));
    context.on('person.left', (data) => {
      turnedAway(data.person.id);
      greet('person.left', data.person.id, data);
      greeter.forget(data.person.id);
    });

    const held: readonly string[] = context.grants;
    for (const moment of greeter.moments) {
      const grant = grantOf[moment as keyof typeof grantOf];
      if (grant && !held.includes(grant))
        log.warn({ on: moment, grant }, `greetings on ${moment} are never said: add ${grant} to the grants of this plugin in mien.yaml`);
    }
    if (options.whenTurnedAway === 'stop' && !held.includes('person.attention')) {
      log.warn({ grant: 'person.attention' }, 'whenTurnedAway has no effect: add person.attention to the grants of this plugin in mien.yaml');
    }
    await prepare();

    /** So that the first greeting is heard at once. What is missing is said; the plugin runs all the same. */
    async function prepare(): Promise<void> {
      try {
        await voice.ready();
        await voice.checkLanguage(options.language);
        log.info({ engine: voice.engine, player: voice.player }, 'ready to speak');
      } catch (fault) {
        signal.throwIfAborted();
        log.warn({}, `nothing can be said: ${(fault as Error).message}`);
        return;
      }
      void prepareGreetings();
    }
    async function prepareGreetings(): Promise<void> {
      for (const { text, language } of greeter.fixed) {
        try {
          await voice.prepare({ text, language });
        } catch (fault) {
          if (signal.aborted) return;
          log.warn({ language }, `a greeting cannot be said: ${(fault as Error).message}`);
        }
      }
    }
  },
});
