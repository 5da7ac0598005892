/** What the sidebar says of a host, as text: from what the admin endpoints answer. */

/** Of /mien/hosts. */
export interface HostAnswer {
  readonly id: string;
  readonly name: string;
  readonly kind: 'starting' | 'connected' | 'lost' | 'failed' | 'stopped';
  readonly text: string;
  readonly installLine?: string;
  readonly url?: string;
  readonly restarts: number;
  readonly status?: {
    readonly health: { readonly state: 'ok' | 'degraded' | 'down'; readonly reasons: readonly string[] };
    readonly sight: {
      readonly restarts: number;
      readonly cameras: readonly { readonly name: string; readonly state: string; readonly framesPerSecond: number; readonly dropped: number }[];
    };
    readonly npu: { readonly loadPercent?: readonly number[] };
  };
}

interface Told {
  readonly band?: string;
  readonly label?: string;
  readonly years?: number;
}

/** Of /mien/hosts/:id/people; what was withheld has the label unknown. */
export interface PersonAnswer {
  readonly age?: Told;
  readonly expression?: Told;
}

/** Of /mien/hosts/:id/models. */
export interface ModelAnswer {
  readonly name: string;
  readonly state: string;
  readonly version: string;
  readonly precision: string;
  readonly backend: string;
  readonly npuCores: readonly number[];
  readonly degradedReason?: string;
  readonly npu?: { readonly cores: readonly { readonly core: number; readonly state: string; readonly busyShare: number }[] };
}

export interface HostParts {
  readonly host: HostAnswer;
  /** Absent while it does not answer. */
  readonly people?: readonly PersonAnswer[];
  readonly models?: readonly ModelAnswer[];
}

export interface HostSection {
  readonly title: string;
  readonly mood: 'ok' | 'warning' | 'error' | 'waiting';
  readonly rows: readonly { readonly label: string; readonly value: string }[];
  readonly notes: readonly string[];
  /** Of the console; absent when this browser cannot reach it. */
  readonly consoleUrl?: string;
}

/** A text by its key within `mien-sidebar`, or `mien`. */
type Text = (key: string, values?: Readonly<Record<string, unknown>>) => string;

export function sectionOf(parts: HostParts, browserHost: string, text: Text): HostSection {
  const { host, people, models = [] } = parts;
  const { kind, url, status, installLine } = host;
  const isConnected = kind === 'connected';
  const link = consoleOf(url, browserHost);
  const shown = models.filter(({ state }) => state !== 'unloaded');
  const cameras = status?.sight.cameras ?? [];
  const row = (key: string, value: string): { label: string; value: string } => ({ label: text(`mien-sidebar.label.${key}`), value });
  return {
    title: host.name || 'Mien',
    mood: isConnected ? (status && status.health.state !== 'ok' ? 'warning' : 'ok') : kind === 'starting' ? 'waiting' : 'error',
    rows: [
      row('state', text(`mien.status.${kind}`)),
      ...(isConnected && people ? peopleRows(people, row, text) : []),
      ...(isConnected ? shown.map((model) => ({ label: model.name, value: modelText(model, text) })) : []),
      ...(isConnected && status?.npu.loadPercent ? [row('npu', status.npu.loadPercent.map((percent) => `${Math.round(percent)} %`).join(', '))] : []),
      ...cameras.map(({ name, state, framesPerSecond, dropped }) => ({
        label: name,
        value: text('mien-sidebar.camera', { state, rate: framesPerSecond.toFixed(1), dropped }),
      })),
      row('restarts', text('mien-sidebar.restarts', { mien: host.restarts, sight: status?.sight.restarts ?? 0 })),
    ],
    notes: [
      ...(isConnected || host.text === '' ? [] : [host.text]),
      ...(installLine ? [installLine] : []),
      ...(status?.health.reasons ?? []),
      ...(isConnected && !people ? [text('mien-sidebar.silent')] : []),
      ...(isConnected && url && !link ? [text('mien-sidebar.elsewhere', { url })] : []),
    ],
    ...(isConnected && link && { consoleUrl: link }),
  };
}

type Row = (key: string, value: string) => { label: string; value: string };

function peopleRows(people: readonly PersonAnswer[], row: Row, text: Text): { label: string; value: string }[] {
  const count = row('people', String(people.length));
  if (people.length === 0) return [count];
  const unknown = text('mien-sidebar.unknown');
  const named = (label: string | undefined): string => (label === undefined || label === 'unknown' ? unknown : label);
  return [
    count,
    row('ages', counts(people.map(({ age }) => named(age?.band)))),
    row('expressions', counts(people.map(({ expression }) => named(expression?.label)))),
  ];
}

/** As `25-34: 2, unknown: 1`, most first. */
function counts(labels: readonly string[]): string {
  const tally = new Map<string, number>();
  for (const label of labels) tally.set(label, (tally.get(label) ?? 0) + 1);
  return [...tally]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([label, count]) => `${label}: ${count}`)
    .join(', ');
}

function modelText({ state, version, precision, backend, npuCores, npu, degradedReason }: ModelAnswer, text: Text): string {
  const cores =
    npu?.cores.map(({ core, state: health, busyShare }) => `${core} (${health === 'ok' ? `${Math.round(busyShare * 100)} %` : health})`) ??
    npuCores.map(String);
  const where = cores.length > 0 ? text('mien-sidebar.cores', { cores: cores.join(', ') }) : backend;
  return [`${version} ${precision}`, where, ...(state === 'ready' ? [] : [state]), ...(degradedReason ? [degradedReason] : [])].join(', ');
}

/** A Mien that listens on its own machine only is out of reach for a browser elsewhere. */
function consoleOf(url: string | undefined, browserHost: string): string | undefined {
  if (!url || !/^https?:\/\//.test(url)) return undefined;
  return isLoopback(new URL(url).hostname) && !isLoopback(browserHost) ? undefined : url;
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127\./.test(host);
