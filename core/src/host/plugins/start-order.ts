/** Who may start: a plugin waits for those whose services it uses, as long as they are on their way. */
import { didYouMean } from '../../nearest-name.ts';

/** starting: on its way, its services may come; down: it does not run, for the reason. */
export type Phase = 'starting' | 'running' | 'down';

/** `go`, `wait` for somebody who is starting, or why not. */
export type Verdict = 'go' | 'wait' | { readonly reason: string };

interface Member {
  phase: Phase;
  reason: string;
  /** Undefined before it was loaded: then nobody knows what it will offer. */
  services: { readonly uses: readonly string[]; readonly provides: readonly string[] } | undefined;
}

const coreServices: readonly string[] = ['people', 'models', 'cameras'];

export class StartOrder {
  readonly #members = new Map<string, Member>();
  readonly #waiting = new Set<() => void>();
  #isScheduled = false;

  /** Services stay known from run to run. */
  set(name: string, phase: Phase, reason = ''): void {
    const known = this.#members.get(name);
    this.#members.set(name, { phase, reason, services: known?.services });
    this.#changed();
  }

  describe(name: string, uses: readonly string[], provides: readonly string[]): void {
    const known = this.#members.get(name);
    if (known) known.services = { uses: uses.filter((one) => !coreServices.includes(one) && !provides.includes(one)), provides };
    this.#changed();
  }

  /** Its code may have changed: what it offers is known when it is loaded again. */
  forget(name: string): void {
    const known = this.#members.get(name);
    if (known) known.services = undefined;
  }

  delete(name: string): void {
    this.#members.delete(name);
    this.#changed();
  }

  verdict(name: string): Verdict {
    const reasons: string[] = [];
    let waits = false;
    for (const service of this.#members.get(name)?.services?.uses ?? []) {
      const verdict = this.#service(name, service);
      if (typeof verdict === 'object') reasons.push(verdict.reason);
      else if (verdict === 'wait') waits = true;
    }
    if (reasons.length > 0) return { reason: reasons.join('; ') };
    return waits ? 'wait' : 'go';
  }

  /** Resolves with the first verdict that is wanted. Rejects with the signal's reason. */
  until(name: string, wanted: (verdict: Verdict) => boolean, signal: AbortSignal): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiting.delete(look);
        signal.removeEventListener('abort', cancel);
      };
      const cancel = (): void => {
        end();
        reject(signal.reason);
      };
      const look = (): void => {
        const verdict = this.verdict(name);
        if (!wanted(verdict)) return;
        end();
        resolve(verdict);
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener('abort', cancel, { once: true });
      this.#waiting.add(look);
      look();
    });
  }

  /** Members that use services of this one, directly. */
  usersOf(name: string): string[] {
    const provides = this.#members.get(name)?.services?.provides ?? [];
    return [...this.#members].filter(([other, { services }]) => other !== name && services?.uses.some((one) => provides.includes(one))).map(([other]) => other);
  }

  #service(user: string, service: string): Verdict {
    const providers = this.#providersOf(service);
    if (providers.some(([, { phase }]) => phase === 'running')) return 'go';
    const cycle = this.#cycle(user, service);
    if (cycle) return { reason: `uses in a circle: ${cycle}; take one of these uses out` };
    if (providers.some(([, { phase }]) => phase === 'starting')) return 'wait';
    const unknown = [...this.#members].some(([other, { phase, services }]) => other !== user && phase === 'starting' && !services);
    if (unknown) return 'wait';
    const [first] = providers;
    if (first) return { reason: `uses the service "${service}" of ${first[0]}, which ${first[1].reason || 'does not run'}` };
    const known = [...this.#members.values()].flatMap(({ services }) => services?.provides ?? []);
    return { reason: `uses the service "${service}", which no plugin here provides.${didYouMean(service, known) || ' Add one that does, or remove the use'}` };
  }

  #providersOf(service: string): [string, Member][] {
    return [...this.#members].filter(([, { services }]) => services?.provides.includes(service));
  }

  /** `a uses x of b, b uses y of a`, when following the service leads back to the user. */
  #cycle(user: string, service: string): string | undefined {
    const seen = new Set<string>();
    const follow = (from: string, wanted: string): string[] | undefined => {
      for (const [provider, { services }] of this.#providersOf(wanted)) {
        const step = `${from} uses ${wanted} of ${provider}`;
        if (provider === user) return [step];
        if (seen.has(provider)) continue;
        seen.add(provider);
        for (const next of services?.uses ?? []) {
          const rest = follow(provider, next);
          if (rest) return [step, ...rest];
        }
      }
      return undefined;
    };
    return follow(user, service)?.join(', ');
  }

  #changed(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      for (const look of [...this.#waiting]) look();
    });
  }
}
