/** Tells conversational programs (language models) who is here: an MCP server on this machine. */
import { randomBytes } from 'node:crypto';
import { definePlugin, Type } from '@mien/core/plugin';
import { openDoor } from './door.ts';
import { DialogueOptions, optionFaults } from './options.ts';
import { PeopleBoard, wants } from './people-board.ts';
import { Sessions } from './sessions.ts';
import { VoiceLink } from './voice-link.ts';

const TOKEN_BYTES = 24;
/** Snapshots keep distances and times of attention fresh between events. */
const SNAPSHOT_MS = 250;
const VERSION = '0.1.0';

export default definePlugin({
  name: 'dialogue',
  apiVersion: 1,
  description: 'Tells language models who is here and how they appear: an MCP server on this machine, guarded by a token.',
  needs: ['person.presence'],
  wants,
  options: DialogueOptions,
  checkOptions: optionFaults,
  async setup(context, options) {
    const { log, grants } = context;
    const board = new PeopleBoard();
    context.onPeople((people, camera) => board.snapshot(people, camera), { everyMs: SNAPSHOT_MS });
    context.on('person.appeared', ({ person, origin }) => board.change('appeared', person, origin.simulated));
    context.on('person.updated', ({ person, origin }) => board.change('updated', person, origin.simulated));
    context.on('person.left', ({ person, origin }) => board.change('left', person, origin.simulated));
    context.on('emotion.changed', ({ person, origin }) => board.change('expression', person, origin.simulated));
    context.on('attention.started', ({ person, origin }) => board.change('attention', person, origin.simulated));
    context.on('attention.ended', ({ person, origin }) => board.change('attention', person, origin.simulated));

    const token = options.token === '' ? await keptToken() : options.token;
    const voice = new VoiceLink({ run: (command, input) => context.run(command, input), changed: (isThere) => sessions.voiceChanged(isThere) });
    const { maxSessions, idleMinutes, port, origins } = options;
    const sessions = new Sessions({ board, voice, grants, version: VERSION, maxSessions, idleMs: idleMinutes * 60_000 });
    const door = await openDoor({ port, token, origins, sessions, fault: (fault) => log.error({ fault: String(fault) }, 'a request failed') });
    context.defer(async () => {
      sessions[Symbol.dispose]();
      voice[Symbol.dispose]();
      await door[Symbol.asyncDispose]();
    });
    // With the token one sees what this plugin was granted: other plugins do not get it.
    context.command('dialogue.address', Type.Object({}), () => ({ url: door.url, token }), { openTo: 'api' });
    log.info({ url: door.url }, 'MCP is served');

    async function keptToken(): Promise<string> {
      const kept = await context.store.get<string>('token');
      if (typeof kept === 'string' && kept !== '') return kept;
      const made = randomBytes(TOKEN_BYTES).toString('base64url');
      await context.store.set('token', made);
      return made;
    }
  },
});
