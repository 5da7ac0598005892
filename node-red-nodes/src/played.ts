/** What nodes let play at a host: a redeploy makes a node anew and goes on with it; virtual people of one that is gone do not stay for ever. */
import type { HostConnection } from './host-connection.ts';

interface Play {
  readonly connection: HostConnection;
  /** Start of Mien and scenario that were played when the flow started; empty when only messages played something. */
  readonly started: string;
  /** Ends it. */
  timer?: NodeJS.Timeout;
}

/** By node. */
const plays = new Map<string, Play>();
/** As long as a host is kept over a redeploy. */
const KEPT_MS = 5000;

/** At the opening of a node: what it let play before goes on, but for what was played at the start and is to be no more. */
export function takeOver(id: string, connection: HostConnection, playsAtStart: boolean): void {
  const play = plays.get(id);
  if (play?.connection === connection && (playsAtStart || play.started === '')) clearTimeout(play.timer);
}

export function wasStarted(id: string, connection: HostConnection, started: string): boolean {
  const play = plays.get(id);
  return play?.connection === connection && play.started === started;
}

export function remember(id: string, connection: HostConnection, started?: string): void {
  const before = plays.get(id);
  clearTimeout(before?.timer);
  plays.set(id, { connection, started: started ?? (before?.connection === connection ? before.started : '') });
}

/** At the close: unless a node of this id takes over, what it let play ends. */
export function leave(id: string): void {
  const play = plays.get(id);
  if (!play) return;
  clearTimeout(play.timer);
  play.timer = setTimeout(() => {
    if (plays.get(id) === play) plays.delete(id);
    // A host that is gone took them along.
    if (play.connection.state.kind === 'connected') {
      play.connection
        .client()
        .endSimulation()
        .catch(() => {});
    }
  }, KEPT_MS).unref();
}
