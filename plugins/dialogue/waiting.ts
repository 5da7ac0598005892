/** Waits for something to happen among the people here. */
import { setTimeout as sleep } from 'node:timers/promises';
import { known, MienError } from '@mien/core/plugin';
import type { Change, Guest, PeopleBoard } from './people-board.ts';

export const awaited = ['person', 'smile', 'attention', 'leaving'] as const;
export type Awaited = (typeof awaited)[number];

interface Wait {
  /** What it cannot be known without. */
  readonly grant?: string;
  /** It is so of somebody here already. */
  readonly isSo: (person: Guest) => boolean;
  readonly happens: (change: Change) => boolean;
}

const isSmiling = (person: Guest): boolean => known(person.expression)?.label === 'positive';
const isAttending = (person: Guest): boolean => person.attention?.state === 'attending';

const waits: Readonly<Record<Awaited, Wait>> = {
  person: { isSo: ({ state }) => state === 'present', happens: ({ kind }) => kind === 'appeared' },
  smile: { grant: 'person.expression', isSo: isSmiling, happens: ({ person, kind }) => kind !== 'left' && isSmiling(person) },
  attention: { grant: 'person.attention', isSo: isAttending, happens: ({ person, kind }) => kind !== 'left' && isAttending(person) },
  leaving: { isSo: () => false, happens: ({ kind }) => kind === 'left' },
};

export type Outcome =
  | { readonly how: 'happened' | 'already'; readonly person: Guest; readonly waitedMs: number }
  | { readonly how: 'timeout' | 'nobody'; readonly waitedMs: number };

export interface WaitOptions {
  readonly what: Awaited;
  readonly timeoutMs: number;
  readonly grants: readonly string[];
  readonly signal: AbortSignal;
}

/** Errors: GRANT_MISSING. Rejects with the signal's reason. */
export async function waitFor(board: PeopleBoard, { what, timeoutMs, grants, signal }: WaitOptions): Promise<Outcome> {
  const { grant, isSo, happens } = waits[what];
  if (grant !== undefined && !grants.includes(grant)) {
    throw new MienError(
      'GRANT_MISSING',
      `whether there is ${what === 'smile' ? 'a smile' : what} is not known here: the owner of this device has not granted ${grant} (plugins.dialogue.grant in mien.yaml)`,
    );
  }
  signal.throwIfAborted();
  const already = board.people().find(({ person }) => isSo(person));
  if (already) return { how: 'already', person: already.person, waitedMs: 0 };
  if (what === 'leaving' && board.people().length === 0) return { how: 'nobody', waitedMs: 0 };
  const started = performance.now();
  const waitedMs = (): number => Math.round(performance.now() - started);
  const happened = Promise.withResolvers<Guest>();
  using _ = board.listen((change) => {
    if (happens(change)) happened.resolve(change.person);
  });
  const ended = new AbortController();
  try {
    const person = await Promise.race([happened.promise, sleep(timeoutMs, undefined, { signal: AbortSignal.any([signal, ended.signal]) })]);
    return person ? { how: 'happened', person, waitedMs: waitedMs() } : { how: 'timeout', waitedMs: waitedMs() };
  } catch (fault) {
    signal.throwIfAborted();
    throw fault;
  } finally {
    ended.abort();
  }
}
