/** The present state of a host and who is told of it. A listener that throws harms neither the host nor the others. */
import type { HostState } from '../host-connection.ts';

export class States {
  readonly #listeners = new Set<(state: HostState) => void>();
  readonly #onFault: (fault: unknown) => void;
  #state: HostState = { kind: 'starting', text: '', restarts: 0 };

  constructor(onFault: (fault: unknown) => void) {
    this.#onFault = onFault;
  }

  get present(): HostState {
    return this.#state;
  }

  set(state: HostState): void {
    this.#state = state;
    for (const listener of this.#listeners) this.#tell(listener);
  }

  on(listener: (state: HostState) => void): Disposable {
    this.#listeners.add(listener);
    this.#tell(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  #tell(listener: (state: HostState) => void): void {
    try {
      listener(this.#state);
    } catch (fault) {
      this.#onFault(fault);
    }
  }
}

/** What the message of HOST_UNAVAILABLE says. */
export function unavailable({ kind, text, installLine }: HostState): string {
  const plain = { starting: 'Mien is starting; try again in some seconds', lost: 'Mien is lost', failed: 'Mien did not start', stopped: 'Mien is stopped' };
  const why = text || (kind === 'connected' ? '' : plain[kind]);
  return installLine ? `${why}. To install it: ${installLine}` : why;
}
