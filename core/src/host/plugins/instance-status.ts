import type { AvailablePlugin } from './discovery.ts';
import { allAskedFor } from './held-grants.ts';
import type { Instance } from './instance.ts';
import { maskSecrets, maskTexts } from './mask-secrets.ts';
import type { PluginStatus } from './plugin-status.ts';

const none = { delivered: 0, dropped: 0, faults: 0, vetoed: 0, late: 0 };

/** How an instance is seen from outside. */
export function instanceStatus(instance: Instance): PluginStatus {
  const { given, run, place } = instance;
  const { description } = run ?? {};
  const { settings, from, grantAll } = given;
  const { reason, startedAtWallMs } = instance;
  const version = description?.version ?? place?.version;
  const about = description?.description ?? place?.description;
  const attached = run?.attached;
  const seat = instance.state === 'running' || instance.state === 'starting' ? run?.seat : undefined;
  const schema = description?.options ?? {};
  return {
    name: instance.name,
    from,
    ...(version !== undefined && { version }),
    ...(about !== undefined && { description: about }),
    state: instance.state,
    ...(reason !== undefined && { reason }),
    isolation: seat?.isolation ?? instance.isolation,
    ...(seat?.pid !== undefined && { pid: seat.pid }),
    needs: [...(description?.needs ?? [])],
    wants: [...(description?.wants ?? [])],
    grant: grantAll && description ? [...allAskedFor(description)] : settings.grant,
    uses: [...(description?.uses ?? [])],
    provides: [...(description?.provides ?? [])],
    commands: instance.state === 'running' ? [...(attached?.commands ?? [])] : [],
    options: description ? maskSecrets(schema, optionsInUse(instance)) : maskTexts(settings.options),
    optionsSchema: schema,
    lastGood: instance.state === 'running' && run?.lastGoodBecause !== undefined,
    restarts: instance.restarts,
    crashes: instance.record.crashes,
    ...(startedAtWallMs !== undefined && { startedAtWallMs }),
    ...(seat?.rssBytes !== undefined && { rssMb: Math.round(seat.rssBytes / 1024 / 1024) }),
    events: instance.events,
    ...(attached?.outbox && { outbox: attached.outbox }),
  };
}

/** With defaults, and secrets. */
export function optionsInUse({ run, given }: Instance): unknown {
  return run?.options ?? given.settings.options;
}

/** Installed, and not in the configuration. */
export function availableStatus({ name, from, version, description }: AvailablePlugin): PluginStatus {
  return {
    name,
    from,
    ...(version !== undefined && { version }),
    ...(description !== undefined && { description }),
    state: 'available',
    reason: `installed, not in use: \`mien plugin add ${from}\``,
    isolation: from.startsWith('@mien/plugins') ? 'shared' : 'own',
    needs: [],
    wants: [],
    grant: [],
    uses: [],
    provides: [],
    commands: [],
    options: {},
    optionsSchema: {},
    lastGood: false,
    restarts: 0,
    crashes: [],
    events: none,
  };
}
