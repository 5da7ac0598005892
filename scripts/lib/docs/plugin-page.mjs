import { markdownTable, schemaTable } from './schema-table.mjs';

const plain = ['name', 'type', 'meaning'];
const codes = (names) => names.map((name) => `\`${name}\``).join(', ');

/** What no schema says: grants that open services rather than fields. */
const rights = {
  'person.presence': 'the service `people`, `onPeople`',
  'device.health': '`cameras.list`',
  'camera.preview': '`cameras.snapshot`: pictures of the camera, people and all',
  'model.control': '`models.load`, `unload`, `swap`, `selftest`',
  audience: 'counts of people, none of them alone (not in this release)',
};

function grantLines({ Grant, EventSchemas, Person, SessionTotals }) {
  const under = (schema, grant) => Object.keys(schema.properties).filter((name) => schema.properties[name].grant === grant);
  return Grant.enum.map((grant) => [
    `\`${grant}\``,
    codes(Object.keys(EventSchemas).filter((name) => EventSchemas[name].grant === grant)),
    codes(under(Person, grant)),
    codes(under(SessionTotals, grant)),
    rights[grant] ?? '',
  ]);
}

const kib = (bytes) => (bytes % 1048576 === 0 ? `${bytes / 1048576} MiB` : `${bytes / 1024} KiB`);
const seconds = (ms) => (ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`);

function limitLines({ feedLimits, verdictDeadlineMs, callLimits, pluginLimits: host, bytes, linesPerSecond, ringCapacity, changes }) {
  return [
    ['events under way to a plugin', `${feedLimits.window}`, 'the next waits for one to be taken'],
    [
      'events it may lag behind',
      `${feedLimits.lag}`,
      `all but the newest ${feedLimits.newest} are dropped and counted; what an outbox keeps waits for as long as it is among the newest ${ringCapacity} of all`,
    ],
    ['snapshots of people under way', '1 for each camera', 'the newest follows; those between are not sent'],
    ['`beforeEmit`, all plugins together', `${verdictDeadlineMs} ms`, 'the event goes out unchanged, and is counted as late'],
    ['what `beforeEmit` adds', kib(bytes.extra), 'it is not added, and counted as a fault'],
    ['`store`, all of it', kib(bytes.store), '`set` rejects'],
    ['a message', kib(bytes.line), 'the call rejects'],
    ['calls under way, by one plugin and to one', `${callLimits.underWay} each`, 'BUSY'],
    ['calls a second by one plugin', `${callLimits.asksPerSecond}, bursts of ${callLimits.askBurst}`, 'BUSY'],
    ['an answer to a call', seconds(callLimits.timeoutMs), 'SERVICE_UNAVAILABLE, and the call is cancelled'],
    ['log lines a second, of a process', `${linesPerSecond}`, 'those beyond are counted, not written'],
    ['a sign of life', seconds(host.silentMs), 'the process is killed: crashed'],
    [
      'messages',
      `${host.messagesPerSecond} a second, ${kib(host.bytesPerSecond)} a second`,
      `read no faster; more for ${seconds(host.floodMs)} in a row: crashed`,
    ],
    ['changes of what it listens to or offers', `${changes.perSecond} a second, bursts of ${changes.atOnce}`, 'crashed'],
    ['sent and not read', kib(host.unreadBytes), 'crashed'],
    ['resident memory', `heapMb and ${host.rssOverHeapMb} MB`, 'crashed'],
    ['crashes', `${host.crashes} within ${seconds(host.crashWindowMs)}`, 'quarantine: left alone until somebody restarts it'],
    [
      'the wait after a crash',
      `${seconds(host.backoffFirstMs)}, doubling to ${seconds(host.backoffCapMs)}`,
      `begins anew after ${seconds(host.healthyMs)} without one`,
    ],
  ];
}

/** Text of an interface with its comments, as it stands in the source. */
function declaration(source, name) {
  const found = new RegExp(`(?:^/\\*\\*(?:(?!\\*/)[^])*\\*/\\n)?^export interface ${name}\\b[^]*?^}$`, 'm').exec(source);
  if (!found) throw new Error(`core/src/plugin.ts has no interface ${name}`);
  return found[0];
}

const declared = ['PluginDefinition', 'PluginContext', 'CoreServices', 'Store', 'OutboxOptions', 'Outbox', 'Delivery', 'CommandOptions'];

export const pluginPage = (sources) => `# Plugins: grants, API, status, limits

## Grants

A plugin says in \`needs\` what it wants to see and do; the configuration grants it (\`plugins.<name>.grant\`). Without all it needs it is not started.
What stands in \`wants\` it can use and does without: it sees what of it is granted (\`context.grants\`), and what was granted that it does not ask for reaches it not.

${markdownTable(['grant', 'events', 'of a person', 'of a session', 'also'], grantLines(sources))}

What is not granted is absent wherever it would stand: in \`person\`, in \`changed\`, \`previous\` and \`settled\`, in \`session\`, and in \`why\`.

- An update of which nothing is left in \`changed\` does not come. Where something settled that the plugin may not see, \`why\` says what remains
  true (\`returned\` or \`changed\`), without the limits of what settled.
- Conditions of filters are held against what the plugin may see: a field it may not see meets no condition.
- Without \`person.presence\` an event names nobody: neither \`person.id\` nor \`subject\`. \`source\` still says at which camera it was.
- What another plugin added in \`data.extra\` is shown to who holds every grant that the other held when it added it.
- What a field says of itself belongs to it. A gender withheld by policy says \`policy\` to whoever may see genders, which tells that the person may be a minor.
- What is left out can still be felt in time: a gap in \`sequence\`, or an update that comes earlier than its rule alone would send it, tells that something
  happened. What it was is not told.

The full list of fields is in [events](events.md). Node's permission model keeps a plugin's process from files, programs and addons; it does not
keep it from the network: what a plugin may see, it can send.

## The API

\`import { definePlugin, Type } from '@mien/core/plugin'\`. As it stands in the source:

\`\`\`ts
${declared.map((name) => declaration(sources.source, name)).join('\n\n')}
\`\`\`

## Status

\`GET /v1/plugins\`, \`mien plugin list\` and the console show of each plugin:

${schemaTable(sources.PluginStatus, plain, { named: sources.grantsIn('') })}

and of each command:

${schemaTable(sources.CommandInfo, plain)}

## Limits

${markdownTable(['what', 'limit', 'beyond it'], limitLines(sources.limits))}

Settings of a plugin with their defaults (heap, deadlines, isolation, rights of its process) are in [settings](config.md).
`;
