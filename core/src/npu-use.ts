/** A network's use of the NPU, as its session counts it and /v1/models shows it. */
export interface NpuUse {
  /** `auto`, `spread`, `pinned 0`, `fused 0 1 2`. */
  readonly affinity: string;
  readonly priority: 'interactive' | 'analytics';
  readonly deadlineMs: number;
  /** No core is left that can run it, and making new contexts did not help. */
  readonly exhausted: boolean;
  /** Runs that were called and are not handed to a core yet. */
  readonly waiting: number;
  /** `runs` are this session's; `inFlight` and `busyShare` (0..1 of the last seconds) are the core's, whoever uses it. */
  readonly cores: ReadonlyArray<{
    readonly core: number;
    readonly state: 'ok' | 'set-aside';
    readonly inFlight: number;
    readonly runs: number;
    readonly busyShare: number;
  }>;
}
