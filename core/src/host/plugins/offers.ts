/** Commands and services that plugins offer. Who offered a name first holds it; the next gets it when the first has gone. */
import { MienError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { PluginDescription, TrafficFromPlugin } from '../../plugin-messages.ts';
import { createInputCheck, type InputCheck } from './command-input.ts';
import { coreServiceNames } from './core-services.ts';

export interface OfferedCommand {
  readonly name: string;
  readonly input: object;
  readonly openTo: 'everybody' | 'api';
  readonly check: InputCheck;
}
export interface OfferedService {
  readonly name: string;
  readonly methods: ReadonlySet<string>;
}
export type Offer = Extract<TrafficFromPlugin, { type: 'offer' }>;

/** What one plugin offers, less what is not acceptable; `refused` says in words what is not. */
export interface Offered {
  readonly commands: readonly OfferedCommand[];
  readonly services: readonly OfferedService[];
  readonly refused: readonly string[];
}

/** Looks at an offer by itself. */
export function readOffer({ commands, services }: Offer, description: PluginDescription): Offered {
  const refused: string[] = [];
  const acceptable = <T extends { readonly name: string }, R>(list: readonly T[], pattern: RegExp, read: (item: T) => R): R[] =>
    list.flatMap((item) => {
      try {
        if (!pattern.test(item.name)) throw new MienError('PLUGIN_INVALID', `the name ${JSON.stringify(item.name)} does not match ${pattern.source}`);
        return [read(item)];
      } catch (fault) {
        refused.push(MienError.from(fault).message);
        return [];
      }
    });
  return {
    commands: acceptable(commands, /^[a-z][a-z0-9.-]{0,63}$/, ({ name, input, openTo = 'everybody' }) => ({
      ...{ name, input, openTo },
      check: createInputCheck(name, input),
    })),
    services: acceptable(services, /^[a-zA-Z][a-zA-Z0-9.-]{0,63}$/, ({ name, methods }) => {
      if (coreServiceNames.has(name)) throw new MienError('PLUGIN_INVALID', `the service "${name}" is Mien's own: give yours another name`);
      if (!description.provides.includes(name)) {
        throw new MienError('PLUGIN_INVALID', `the service "${name}" is provided without being declared: add it to \`provides\` in the plugin's definition`);
      }
      return { name, methods: new Set(methods) };
    }),
    refused,
  };
}

/** Names of one kind, each with those who offered it, the holder first. */
export class Claims<Owner extends { readonly name: string }, T extends { readonly name: string }> {
  readonly #kind: string;
  readonly #logger: Logger;
  readonly #claims = new Map<string, Array<{ owner: Owner; offered: T }>>();

  constructor(kind: string, logger: Logger) {
    this.#kind = kind;
    this.#logger = logger;
  }

  holder(name: string): { readonly owner: Owner; readonly offered: T } | undefined {
    return this.#claims.get(name)?.[0];
  }

  /** Each name with its holder, in the order in which names came up. */
  get held(): readonly { readonly owner: Owner; readonly offered: T }[] {
    return [...this.#claims.values()].flatMap(([holder]) => (holder ? [holder] : []));
  }

  /** In place of what this owner had offered. Gives what was refused, in words. */
  replace(owner: Owner, offers: readonly T[]): string[] {
    const offered = new Map(offers.map((offer) => [offer.name, offer]));
    for (const [name, claims] of this.#claims) {
      const index = claims.findIndex((claim) => claim.owner === owner);
      const again = offered.get(name);
      if (index >= 0 && again) claims[index] = { owner, offered: again };
      else if (index >= 0) this.#drop(name, claims, index);
      if (index >= 0) offered.delete(name);
    }
    const refused: string[] = [];
    for (const [name, offer] of offered) {
      const claims = this.#claims.get(name) ?? [];
      this.#claims.set(name, claims);
      claims.push({ owner, offered: offer });
      const holder = claims[0]?.owner;
      if (holder && holder !== owner) {
        refused.push(`the ${this.#kind} "${name}" of "${owner.name}" is offered by "${holder.name}" already: give one of them another name`);
      }
    }
    return refused;
  }

  #drop(name: string, claims: Array<{ owner: Owner; offered: T }>, index: number): void {
    claims.splice(index, 1);
    const next = claims[0]?.owner;
    if (!next) this.#claims.delete(name);
    else if (index === 0) this.#logger.info({ plugin: next.name }, `the ${this.#kind} "${name}" is this plugin's from now on`);
  }
}
