import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { diesWithParent } from '../dies-with-parent.ts';
import { MienError } from '../errors.ts';
import type { Answers, Method, Question, Request, SightStart, ToHost, ToSight } from './messages.ts';

/** What one sight process tells its host. Called in order, never concurrently. */
export interface SightChildListener {
  message(message: Exclude<ToHost, { type: 'ready' | 'failed' | 'answer' }>): void;
  /** The process is gone, for this reason, after an error of its own if it told one; the last call. Not called before `start` has resolved. */
  exited(reason: string, failure: MienError | undefined): void;
}

export interface SightChildOptions {
  /** Module that the process runs. */
  readonly entry: string;
  /** The process is killed when it has not become ready, or has not beaten, for so long. */
  readonly startWithinMs: number;
  readonly beatWithinMs: number;
}

/** The entry beside this file: .ts in the repository, .js in the package. */
export const sightEntry = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './process.ts' : './process.js', import.meta.url));

/**
 * Sight's heap is small (pixels lie outside it) and its garbage short-lived. With these it neither grows nor slows on the clip: +0.6 MB
 * over 4,800 frames, against +2 to +3 with twice the sizes.
 */
const execArgv = ['--max-semi-space-size=1', '--max-old-space-size=48', '--no-warnings'];
/**
 * glibc otherwise keeps a heap for every thread that ever decoded a picture, and lets whole frames fragment it: 11 MB less on the clip at
 * the same frame rate.
 */
const memoryEnvironment = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '524288', MALLOC_TRIM_THRESHOLD_: '1048576' };
/** Between the request to stop and the kill. */
const stopWithinMs = 1000;

/** One run of the sight process, from fork to exit. It is always reaped: nothing of it outlives `exit`. */
export class SightChild {
  readonly #listener: SightChildListener;
  readonly #options: SightChildOptions;
  readonly #ready = Promise.withResolvers<void>();
  readonly #exit = Promise.withResolvers<void>();
  readonly #answers = new Map<number, PromiseWithResolvers<Answers[Method]>>();
  #process: ChildProcess | undefined;
  #isReady = false;
  #lastId = 0;
  #beatAt = performance.now();
  #watch: NodeJS.Timeout | undefined;
  #killReason: string | undefined;
  #failure: MienError | undefined;
  #lost: MienError | undefined;

  constructor(listener: SightChildListener, options: SightChildOptions) {
    this.#listener = listener;
    this.#options = options;
    this.#ready.promise.catch(() => {});
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Once. Runs the process; resolves when sight is ready. Rejects with sight's own error, with SIGHT_LOST, or with the signal's reason; the process is then gone or being killed. */
  async start(start: SightStart, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#fork();
    const cancel = (): void => this.#ready.reject(signal.reason);
    signal.addEventListener('abort', cancel, { once: true });
    const deadline = setTimeout(() => this.#kill(`was not ready within ${this.#options.startWithinMs} ms`), this.#options.startWithinMs);
    try {
      this.send({ type: 'start', start });
      await this.#ready.promise;
      this.#watchBeats();
    } finally {
      clearTimeout(deadline);
      signal.removeEventListener('abort', cancel);
    }
  }

  send(message: ToSight): void {
    // The channel may close at any time; what became of the process is told by its exit.
    if (this.#process?.connected) this.#process.send(message, () => {});
  }

  async request<M extends Method>(request: Question<M>, signal?: AbortSignal): Promise<Answers[M]> {
    signal?.throwIfAborted();
    if (this.#lost) throw this.#lost;
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = Promise.withResolvers<Answers[Method]>();
    const cancel = (): void => {
      this.send({ type: 'cancel', id });
      answer.reject(signal?.reason);
    };
    signal?.addEventListener('abort', cancel, { once: true });
    this.#answers.set(id, answer);
    this.send({ type: 'request', id, request: request as unknown as Request });
    try {
      return (await answer.promise) as Answers[M];
    } finally {
      this.#answers.delete(id);
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Asks sight to stop, kills it when it does not, and waits until it is gone. */
  async stop(): Promise<void> {
    if (!this.#process) return;
    this.send({ type: 'stop' });
    const deadline = setTimeout(() => this.#kill('did not stop'), stopWithinMs);
    await this.#exit.promise;
    clearTimeout(deadline);
  }

  #fork(): void {
    const { file, args } = diesWithParent(process.execPath, execArgv);
    const child = fork(this.#options.entry, [], {
      execPath: file,
      execArgv: [...args],
      env: { ...process.env, ...memoryEnvironment },
      serialization: 'advanced',
      // What sight prints belongs with the host's log: stdout may be a stream of events.
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    this.#process = child;
    child.on('message', (message: ToHost) => this.#receive(message));
    child.on('error', (fault) => {
      // A message or a signal that could not be sent: then the exit tells what became of the process.
      if (child.pid === undefined) this.#end(`could not be run: ${fault.message}`);
    });
    child.on('exit', (code, signal) => {
      this.#end(this.#killReason ?? (signal ? `was killed by ${signal}` : `exited with code ${code}`));
    });
  }

  #receive(message: ToHost): void {
    switch (message.type) {
      case 'ready':
        this.#isReady = true;
        this.#ready.resolve();
        break;
      case 'failed': {
        this.#failure = new MienError(message.error.code, message.error.message);
        this.#kill(`failed: ${message.error.message}`);
        break;
      }
      case 'answer': {
        const answer = this.#answers.get(message.id);
        if (message.error) answer?.reject(new MienError(message.error.code, message.error.message));
        else if (message.value) answer?.resolve(message.value);
        break;
      }
      default:
        this.#beatAt = performance.now();
        this.#listener.message(message);
    }
  }

  #watchBeats(): void {
    const { beatWithinMs } = this.#options;
    this.#beatAt = performance.now();
    let lookedAt = performance.now();
    this.#watch = setInterval(() => {
      const now = performance.now();
      // A host that was itself held up has not read its mail yet: the silence counts from now.
      if (now - lookedAt > beatWithinMs / 2) this.#beatAt = Math.max(this.#beatAt, now - beatWithinMs / 2);
      lookedAt = now;
      if (now - this.#beatAt > beatWithinMs) this.#kill(`gave no sign of life for ${beatWithinMs} ms`);
    }, beatWithinMs / 8);
  }

  #kill(reason: string): void {
    this.#killReason ??= reason;
    this.#process?.kill('SIGKILL');
  }

  #end(reason: string): void {
    clearInterval(this.#watch);
    const lost = new MienError('SIGHT_LOST', `The sight process ${reason}.`);
    this.#lost = lost;
    this.#ready.reject(this.#failure ?? lost);
    for (const answer of this.#answers.values()) answer.reject(lost);
    this.#answers.clear();
    this.#exit.resolve();
    if (this.#isReady) {
      this.#isReady = false;
      this.#listener.exited(reason, this.#failure);
    }
  }
}
