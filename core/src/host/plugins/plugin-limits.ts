/** How much patience the host has. Tests shorten it. */
export interface PluginLimits {
  /** A process is asked for a sign of life so often, and killed after so long without any. */
  readonly pingEveryMs: number;
  readonly silentMs: number;
  /** Crashes within the window that end in quarantine. */
  readonly crashes: number;
  readonly crashWindowMs: number;
  /** Waits between a crash and the next try; doubling. They begin anew after a run of `healthyMs`, which also makes options the last good ones. */
  readonly backoffFirstMs: number;
  readonly backoffCapMs: number;
  readonly healthyMs: number;
  /** Code that could not be loaded is tried again at growing pauses from `backoffFirstMs` up to this: what it lacks may come. */
  readonly loadAgainMs: number;
  /** What a process may say in the long run; it is read no faster. One that wants more for `floodMs` in a row is killed. */
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  readonly floodMs: number;
  /** Sent and not read by a process, beyond all calls and answers that may be under way together: it is killed. */
  readonly unreadBytes: number;
  /** Resident memory beyond the heap limit: buffers and Node itself. */
  readonly rssOverHeapMb: number;
  readonly sharedHeapMb: number;
  /** All plugins together, at the end. */
  readonly stopAllMs: number;
}

export const pluginLimits: PluginLimits = {
  pingEveryMs: 1000,
  silentMs: 5000,
  crashes: 5,
  crashWindowMs: 600_000,
  backoffFirstMs: 1000,
  backoffCapMs: 60_000,
  healthyMs: 30_000,
  loadAgainMs: 60_000,
  messagesPerSecond: 2000,
  bytesPerSecond: 8 * 1024 * 1024,
  floodMs: 5000,
  unreadBytes: 64 * 1024 * 1024,
  rssOverHeapMb: 192,
  sharedHeapMb: 192,
  stopAllMs: 2200,
};
