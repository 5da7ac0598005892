/** The tools of one client. */
import type { McpServer, RegisteredTool } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { ServerNotification } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import type { PeopleBoard } from './people-board.ts';
import { PeopleReport, peopleReport, SceneReport, sceneReport, type Told } from './reports.ts';
import type { VoiceLink } from './voice-link.ts';
import { type Awaited, awaited, type Outcome, waitFor } from './waiting.ts';
import { personWords, provenanceWords, seconds } from './wording.ts';

export interface ToolParts {
  readonly board: PeopleBoard;
  readonly voice: VoiceLink;
  /** What the plugin was granted. */
  readonly grants: readonly string[];
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

const MOST_WAITS = 8;
const MOST_WAIT_S = 120;
const PROGRESS_MS = 2000;
const looking = { readOnlyHint: true, openWorldHint: false };

const WaitReport = z.object({
  happened: z.boolean(),
  what: z.enum(awaited),
  waitedMs: z.number(),
  personId: z.string().nullable(),
  wasSoAlready: z.boolean().describe('it was so when the wait began'),
});

/** Gives the tool `say`, which is there only while something can be said. */
export function registerTools(server: McpServer, { board, voice, grants, signal }: ToolParts): RegisteredTool {
  let waiting = 0;

  server.registerTool(
    'who_is_here',
    {
      title: 'Who is here',
      description: 'The people before the device now, one by one: how they appear, where they are, whether they look at the device. Never who they are.',
      outputSchema: PeopleReport.shape,
      annotations: looking,
    },
    () => answer(peopleReport(board)),
  );

  server.registerTool(
    'describe_scene',
    {
      title: 'Describe the scene',
      description: 'The people before the device as a whole: how many there are, how many look at it, who came and left lately.',
      outputSchema: SceneReport.shape,
      annotations: looking,
    },
    () => answer(sceneReport(board)),
  );

  server.registerTool(
    'wait_for',
    {
      title: 'Wait for something to happen',
      description:
        'Waits until somebody is there (person), appears to smile (smile), turns to the device (attention), or leaves (leaving). Answers at once where it is so already.',
      inputSchema: {
        what: z.enum(awaited),
        timeoutS: z.number().min(1).max(MOST_WAIT_S).default(30).describe('how long to wait at most, in seconds'),
      },
      outputSchema: WaitReport.shape,
      annotations: looking,
    },
    async ({ what, timeoutS }, extra) => {
      if (waiting >= MOST_WAITS) throw new Error(`${waiting} waits are under way, which is as many as one client may have: wait for one of them, or cancel it`);
      waiting += 1;
      const { progressToken } = extra._meta ?? {};
      const stopProgress = progressToken === undefined ? undefined : startProgress({ progressToken, what, timeoutS, notify: extra.sendNotification });
      try {
        const outcome = await waitFor(board, { what, timeoutMs: timeoutS * 1000, grants, signal: AbortSignal.any([extra.signal, signal]) });
        return answer(waitReport(board, what, outcome));
      } finally {
        stopProgress?.();
        waiting -= 1;
      }
    },
  );

  const say = server.registerTool(
    'say',
    {
      title: 'Say something aloud',
      description: 'Says a text through the loudspeaker of the device, to everybody who is there. Answers when it is queued, which is before it was heard.',
      inputSchema: {
        text: z.string().min(1).max(5000),
        language: z.string().max(60).optional().describe('of the voice, as en or de; that of the device when left out'),
      },
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
    },
    async ({ text, language }) => {
      const { ahead = 0, cut = 0 } = ((await voice.say(text, language)) ?? {}) as { ahead?: number; cut?: number };
      const when = ahead === 0 ? 'It is being said now.' : `It will be said after ${ahead} other${ahead === 1 ? '' : 's'}.`;
      return { content: [{ type: 'text', text: cut > 0 ? `${when} Its last ${cut} characters were left away: it was too long.` : when }] };
    },
  );
  if (!voice.isThere) say.disable();
  return say;
}

function answer<R extends object>({ text, report }: Told<R>) {
  return { content: [{ type: 'text' as const, text }], structuredContent: { ...report } };
}

const ended: Readonly<Record<Awaited, string>> = {
  person: 'Nobody came',
  smile: 'Nobody appeared to smile',
  attention: 'Nobody turned to the device',
  leaving: 'Nobody left',
};

function waitReport(board: PeopleBoard, what: Awaited, outcome: Outcome): Told<z.infer<typeof WaitReport>> {
  const { waitedMs } = outcome;
  const { observedMsAgo } = board;
  if (!('person' in outcome)) {
    const words = outcome.how === 'nobody' ? 'Nobody is here who could leave.' : `${ended[what]} within ${seconds(waitedMs)}.`;
    return { text: `${words}\n${provenanceWords(observedMsAgo, undefined)}`, report: { happened: false, what, waitedMs, personId: null, wasSoAlready: false } };
  }
  const { how, person } = outcome;
  const left = what === 'leaving' ? `Person ${person.id} has left.` : personWords({ person });
  const when = how === 'already' ? 'It is so already.' : `It happened after ${seconds(waitedMs)}.`;
  return {
    text: `${when} ${left}\n${provenanceWords(observedMsAgo, board.find(person.id)?.isSimulated)}`,
    report: { happened: true, what, waitedMs, personId: person.id, wasSoAlready: how === 'already' },
  };
}

interface ProgressOptions {
  readonly progressToken: string | number;
  readonly what: Awaited;
  readonly timeoutS: number;
  notify(notification: ServerNotification): Promise<void>;
}

function startProgress({ progressToken, what, timeoutS, notify }: ProgressOptions): () => void {
  const started = performance.now();
  const tell = (): void => {
    const progress = Math.round((performance.now() - started) / 100) / 10;
    const params = { progressToken, progress, total: timeoutS, message: `waiting for ${what}` };
    // Who is gone needs no progress.
    notify({ method: 'notifications/progress', params }).catch(() => {});
  };
  tell();
  const timer = setInterval(tell, PROGRESS_MS);
  return () => clearInterval(timer);
}
