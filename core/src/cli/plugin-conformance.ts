/** How a plugin behaves, step by step: what every plugin of Mien must do, whatever it is for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MienError } from '../errors.ts';
import { configName, locatePlugin } from '../host/plugins/discovery.ts';
import { allAskedFor } from '../host/plugins/held-grants.ts';
import type { PluginDescription } from '../plugin-messages.ts';
import { LEFTOVERS_MARK } from '../plugin-runtime/leftovers-mark.ts';
import { PluginStage } from './plugin-stage.ts';
import { openVisit, type PluginVisit } from './plugin-visit.ts';
import { optionWords } from './plugin-words.ts';

export interface Check {
  readonly name: string;
  readonly result: 'ok' | 'warn' | 'fail';
  /** What was found, and what to do about it. */
  readonly detail?: string;
}

/** How long handlers may take with the events of one visit. */
const TAKE_MS = 10_000;
/** Handles are closed in turns of the event loop after the stop. */
const LEFT_MS = 2000;

const preload = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../plugin-runtime/leftovers.ts' : '../plugin-runtime/leftovers.js', import.meta.url));

/** Yields each check when it is done; ends early where nothing further can be asked. Errors: PLUGIN_INVALID when there is nothing at `from`. */
export async function* checkConformance(from: string, base: string, options: unknown): AsyncGenerator<Check> {
  const place = locatePlugin(from, base);
  const name = configName(place.folder ?? place.entry) || 'plugin';
  const resources: string[][] = [];
  const said: string[] = [];
  await using stage = new PluginStage();
  await using visit = await openVisit({
    name,
    place,
    traffic: (message) => stage.receive(message),
    execArgv: ['--import', preload],
    stderr: (line) => {
      if (line.startsWith(LEFTOVERS_MARK)) resources.push(JSON.parse(line.slice(LEFTOVERS_MARK.length)));
      else said.push(line);
    },
  });
  const active = async (): Promise<string[]> => {
    const before = resources.length;
    if (visit.pid !== undefined) process.kill(visit.pid, 'SIGUSR2');
    for (let waited = 0; resources.length === before && waited < LEFT_MS; waited += 20) await sleep(20);
    return resources.at(-1) ?? [];
  };

  const loaded = await attempt('loads', () => visit.load());
  yield withStderr(loaded.check, said);
  if (!loaded.value) return;
  const description = loaded.value;
  yield* describes(description);
  const good = yield* takesGoodOptions(visit, description, options);
  yield* refusesBadOptions(visit, description);
  if (!good) return;

  const idle = await active();
  for (const [turn, again] of ['', ' again'].entries()) {
    if (turn > 0) {
      const reloaded = await attempt('loads again', () => visit.load());
      if (!reloaded.value) return yield reloaded.check;
    }
    // What it wants is given at the first start only: it must do without.
    const grants = turn === 0 ? allAskedFor(description) : description.needs;
    const without = turn > 0 && description.wants.length > 0 ? ` without ${description.wants.join(', ')}` : '';
    stage.attach(name, description, grants, { send: (message) => visit.send(message), sendEncoded: (line) => visit.sendEncoded(line) });
    const started = await attempt(`starts${again}${without}`, () => visit.start(description, good.options, grants).then(() => true));
    yield withStderr(started.check, said);
    if (!started.value) return;
    if (turn === 0) yield* lives(stage, visit, description);
    const stopped = await attempt(`stops${again} within its deadline`, () => visit.stop());
    stage.detach();
    yield stopped.value && stopped.value.length > 0
      ? { ...stopped.check, result: 'fail', detail: `what it deferred failed: ${stopped.value.join('; ')}` }
      : stopped.check;
    if (!stopped.value) return;
  }
  yield await leavesNothing(idle, active);
}

async function attempt<T>(name: string, act: () => Promise<T>): Promise<{ readonly check: Check; readonly value?: T }> {
  try {
    return { check: { name, result: 'ok' }, value: await act() };
  } catch (fault) {
    return { check: { name, result: 'fail', detail: MienError.from(fault).message } };
  }
}

/** What it printed before it failed often says why. */
function withStderr(check: Check, said: readonly string[]): Check {
  return check.result === 'fail' && said.length > 0 ? { ...check, detail: `${check.detail} (it printed: ${said.slice(-3).join(' | ')})` } : check;
}

function* describes({ description, options }: PluginDescription): Generator<Check> {
  const words = optionWords(options);
  const silent = words.filter((one) => !one.description).map((one) => one.name);
  yield description
    ? { name: 'says what it is', result: 'ok' }
    : { name: 'says what it is', result: 'warn', detail: "add description: '...' to definePlugin: it is shown before it is installed" };
  if (words.length === 0) return;
  yield silent.length === 0
    ? { name: 'says what its options mean', result: 'ok' }
    : { name: 'says what its options mean', result: 'warn', detail: `add a description to ${silent.join(', ')}: the console makes a form of it` };
}

async function* takesGoodOptions(
  visit: PluginVisit,
  description: PluginDescription,
  options: unknown,
): AsyncGenerator<Check, { readonly options: unknown } | undefined> {
  const name = options === undefined ? 'has options that work when nothing is said' : 'takes the given options';
  const checked = await attempt(name, () => visit.check(options ?? {}, description.optionsVersion));
  const faults = checked.value?.faults ?? [];
  if (!checked.value || faults.length === 0) yield checked.check;
  else if (options === undefined) yield { name, result: 'fail', detail: `${faults.join('; ')}. To test it nevertheless, give some: --options '{...}'` };
  else yield { name, result: 'fail', detail: faults.join('; ') };
  return checked.value && faults.length === 0 ? { options: options ?? {} } : undefined;
}

/** Values that no option is meant to have, each with what must be named in the fault. */
function badOptions(description: PluginDescription): Array<{ readonly options: unknown; readonly what: string }> {
  const bad: Array<{ options: unknown; what: string }> = [
    { options: { 'no-such-option': 1 }, what: 'no-such-option' },
    { options: [], what: '' },
    { options: 'nothing', what: '' },
  ];
  for (const { name } of optionWords(description.options)) {
    const path = name.split('.');
    bad.push({ options: path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), { 'not-a-value': true }), what: name });
  }
  return bad;
}

async function* refusesBadOptions(visit: PluginVisit, description: PluginDescription): AsyncGenerator<Check> {
  const name = 'refuses bad options by name';
  const loose: string[] = [];
  try {
    for (const { options, what } of badOptions(description)) {
      const { faults } = await visit.check(options, description.optionsVersion);
      if (!faults.some((fault) => fault.includes(what))) loose.push(what || JSON.stringify(options));
    }
    for (let version = 1; version < description.optionsVersion; version += 1) await visit.check({}, version);
    // An option may be of any shape: that is odd, not wrong.
    yield loose.length === 0
      ? { name, result: 'ok' }
      : { name, result: 'warn', detail: `takes anything as ${loose.join(', ')}: say in its schema what is meant` };
  } catch (fault) {
    yield { name, result: 'fail', detail: MienError.from(fault).message };
  }
}

async function* lives(stage: PluginStage, visit: PluginVisit, description: PluginDescription): AsyncGenerator<Check> {
  stage.play();
  const until = performance.now() + TAKE_MS;
  // What it does first and last in a handler may come in another turn: quiet twice is quiet.
  for (let quiet = 0; quiet < 2 && performance.now() < until && visit.gone === undefined; quiet = stage.isQuiet ? quiet + 1 : 0) await sleep(50);
  const name = 'takes the events of a visit';
  if (visit.gone !== undefined) yield { name, result: 'fail', detail: `its process ${visit.gone}` };
  else if (stage.misbehaved !== undefined) yield { name, result: 'fail', detail: stage.misbehaved };
  else if (stage.faults.length > 0) yield { name, result: 'fail', detail: [...new Set(stage.faults)].slice(0, 3).join('; ') };
  else if (!stage.isQuiet)
    yield {
      name,
      result: 'fail',
      detail: `${stage.open} handler(s) did not end within ${TAKE_MS / 1000} s: what takes long belongs into the background, with context.signal`,
    };
  else yield { name, result: 'ok' };
  const missing = description.provides.filter((service) => !stage.services.has(service));
  if (missing.length > 0)
    yield { name: 'provides what it declares', result: 'fail', detail: `declares ${missing.join(', ')} and does not call context.provide for it in setup` };
  else if (description.provides.length > 0) yield { name: 'provides what it declares', result: 'ok', detail: description.provides.join(', ') };
  if (stage.offered.size > 0) yield { name: 'offers commands', result: 'ok', detail: [...stage.offered].join(', ') };
  const others = [...stage.ran].filter((command) => !stage.offered.has(command));
  if (others.length > 0)
    yield {
      name: 'runs commands of others',
      result: 'warn',
      detail: `${others.join(', ')}: nothing makes sure that they are there; a service in \`uses\` would`,
    };
}

const kinds: Readonly<Record<string, string>> = {
  Timeout: 'a timer or interval',
  Immediate: 'an immediate',
  TCPSocketWrap: 'a connection',
  TCPServerWrap: 'a listening server',
  UDPWrap: 'a UDP socket',
  FSEventWrap: 'a watched file',
  StatWatcher: 'a watched file',
  TLSWrap: 'a TLS connection',
};

async function leavesNothing(idle: readonly string[], active: () => Promise<string[]>): Promise<Check> {
  const name = 'leaves nothing behind after the stop';
  let left: string[] = [];
  for (let waited = 0; waited <= LEFT_MS; waited += 200) {
    left = beyond(idle, await active());
    if (left.length === 0) return { name, result: 'ok' };
    await sleep(200);
  }
  const words = [...new Set(left)].map((kind) => kinds[kind] ?? kind);
  return { name, result: 'fail', detail: `${words.join(', ')} is still there: end it in context.defer(() => ...), or give it context.signal` };
}

/** What is in the second list more often than in the first. */
function beyond(before: readonly string[], after: readonly string[]): string[] {
  const rest = [...after];
  for (const one of before) {
    const at = rest.indexOf(one);
    if (at >= 0) rest.splice(at, 1);
  }
  return rest;
}
