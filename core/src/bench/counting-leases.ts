import type { Session } from '../inference/backend.ts';
import type { Lease, Leases, NetworkOfRole, Role } from '../inference/lease.ts';

/** Leases that count how often each network is run. */
export class CountingLeases implements Leases {
  readonly #leases: Leases;
  readonly #sessions = new WeakMap<Session, Session>();
  readonly runs: Record<Role, number> = { detector: 0, recognizer: 0 };

  constructor(leases: Leases) {
    this.#leases = leases;
  }

  lease<R extends Role>(role: R): Lease<NetworkOfRole[R]> {
    const lease = this.#leases.lease(role);
    const { network, file, origin } = lease;
    return { network, file, origin, session: this.#counted(lease.session, role), [Symbol.dispose]: () => lease[Symbol.dispose]() };
  }

  #counted(session: Session, role: Role): Session {
    const known = this.#sessions.get(session);
    if (known) return known;
    const counted: Session = {
      info: session.info,
      run: (input, options) => {
        this.runs[role] += 1;
        return session.run(input, options);
      },
      warmUp: (runs) => session.warmUp(runs),
      [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
    };
    this.#sessions.set(session, counted);
    return counted;
  }
}
