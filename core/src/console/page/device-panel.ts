/** Numbers, cameras and models: what the device is and how it does. */
import type { Client, ModelStatus, Status } from '../../client.ts';
import { byId, el, fact, setText, setTone } from './dom.ts';

type Tone = 'good' | 'warn' | 'bad' | 'quiet';
const cameraTone: Record<string, Tone> = { live: 'good', opening: 'warn', lost: 'bad', ended: 'quiet' };

export class DevicePanel {
  readonly #client: Client;
  readonly #stats = new Map<string, HTMLElement>();
  readonly #models = new Map<string, ModelCard>();
  #licencesShown = '';

  constructor(client: Client) {
    this.#client = client;
    for (const name of ['Frames a second', 'Latency p50', 'Latency p95', 'Frames dropped', 'Backend']) {
      const value = el('span', { class: 'stat-value' }, '–');
      this.#stats.set(name, value);
      byId('stats').append(el('div', { class: 'stat' }, el('span', { class: 'stat-name' }, name), value));
    }
  }

  showStatus(status: Status): void {
    const { cameras, latencyMs, restarts } = status.sight;
    const sum = (read: (camera: (typeof cameras)[number]) => number): number => cameras.reduce((total, camera) => total + read(camera), 0);
    const received = sum((camera) => camera.received);
    const dropped = sum((camera) => camera.dropped);
    this.#stat('Frames a second', sum((camera) => camera.framesPerSecond).toFixed(1));
    this.#stat('Latency p50', `${latencyMs.p50.toFixed(1)} ms`);
    this.#stat('Latency p95', `${latencyMs.p95.toFixed(1)} ms`);
    this.#stat('Frames dropped', received > 0 ? `${dropped} (${((100 * dropped) / received).toFixed(1)} %)` : '0');
    const { state, reasons } = status.health;
    const health = byId('health');
    const words = { ok: 'seeing', degraded: 'degraded', down: 'not seeing' }[state];
    setText(health, words);
    setTone(health, ({ ok: 'good', degraded: 'warn', down: 'bad' } as const)[state]);
    health.title = reasons.join('; ');
    setText(byId('device'), status.device);
    setText(byId('version'), `Mien ${status.version}${restarts > 0 ? `, sight restarted ${restarts} times` : ''}`);
    const profile = byId('profile');
    profile.hidden = status.profile !== 'demo';
    setText(profile, 'demo: everything on. Age, gender and expression are all estimated; profiles that leave some out come with a later release.');
    const safeMode = byId('safe-mode');
    safeMode.hidden = status.safeMode === undefined;
    setText(safeMode, `Safe mode, without plugins and modules: ${status.safeMode}. The next start is a normal one.`);
    byId('cameras').replaceChildren(...cameras.map(cameraCard));
    this.#showNpu(status.npu);
  }

  showModels(models: readonly ModelStatus[]): void {
    const names = new Set(models.map(({ name }) => name));
    for (const [name, card] of this.#models) {
      if (names.has(name)) continue;
      this.#models.delete(name);
      card.root.remove();
    }
    const byRole = models.toSorted((a, b) => Number(b.role === 'recognizer') - Number(a.role === 'recognizer'));
    for (const model of byRole) {
      let card = this.#models.get(model.name);
      if (!card) {
        card = new ModelCard(model.name, this.#client);
        this.#models.set(model.name, card);
        byId('models').append(card.root);
      }
      card.update(model);
    }
    this.#showLicences(models);
    const recognizer = models.find(({ role }) => role === 'recognizer');
    const backend = this.#stat('Backend', recognizer ? `${recognizer.backend} ${recognizer.device} ${recognizer.precision}` : 'none');
    setTone(backend, recognizer ? toneOf(recognizer) : 'bad');
  }

  /** Nothing on a machine without an NPU. */
  #showNpu(npu: Status['npu']): void {
    const { loadPercent, frequencyHz, maxFrequencyHz, governor, temperatureC, driver, runtime, absent } = npu;
    byId('npu-panel').hidden = !(loadPercent || frequencyHz !== undefined || driver || temperatureC !== undefined);
    const mhz = (hertz: number): string => `${Math.round(hertz / 1e6)} MHz`;
    const slowed = frequencyHz !== undefined && maxFrequencyHz !== undefined && frequencyHz < maxFrequencyHz;
    const clock = [frequencyHz !== undefined && mhz(frequencyHz), slowed && `of ${mhz(maxFrequencyHz)}`, governor].filter(Boolean).join(', ');
    const versions = [driver && `rknpu ${driver}`, runtime && `librknnrt ${runtime}`].filter(Boolean).join(', ');
    byId('npu').replaceChildren(
      ...(loadPercent ? [fact('Load', loadPercent.map((load, core) => `core ${core}: ${load.toFixed(0)} %`).join(', '))] : []),
      ...(clock ? [fact('Clock', clock)] : []),
      ...(temperatureC !== undefined ? [fact('Temperature', `${temperatureC.toFixed(1)} °C`)] : []),
      ...(versions ? [fact('Versions', versions)] : []),
      ...absent.map(({ source, reason }) => fact(source, el('span', { class: 'muted' }, `not known: ${reason}`))),
    );
  }

  /** Each licence once, with the networks it covers. */
  #showLicences(models: readonly ModelStatus[]): void {
    const covers = Map.groupBy(models, ({ licence }) => JSON.stringify(licence));
    const shown = [...covers].map(([key, covered]) => `${key} ${covered.map(({ name }) => name).join()}`).join();
    if (shown === this.#licencesShown) return;
    this.#licencesShown = shown;
    const items = [...covers.values()].flatMap(([first, ...others]) => {
      if (!first) return [];
      const { use, name, statement } = first.licence;
      const names = [first, ...others].map((model) => model.name).join(', ');
      const pill = el('span', { class: 'pill', 'data-tone': use === 'any' ? 'good' : 'warn' }, name);
      return [el('p', {}, pill, ` ${statement}`, el('span', { class: 'muted' }, ` (${names})`))];
    });
    byId('licences').replaceChildren(...items);
  }

  #stat(name: string, text: string): HTMLElement {
    const value = this.#stats.get(name) ?? el('span');
    setText(value, text);
    return value;
  }
}

function cameraCard(camera: Status['sight']['cameras'][number]): HTMLElement {
  const { name, source, state, width, height, framesPerSecond, dropped, error } = camera;
  const size = width && height ? `${width} × ${height}` : 'size not known yet';
  const rows = [el('div', { class: 'device-head' }, el('strong', {}, name), el('span', { class: 'pill', 'data-tone': cameraTone[state] ?? 'quiet' }, state))];
  rows.push(el('div', { class: 'muted' }, `${source}, ${size}, ${framesPerSecond.toFixed(1)} a second, ${dropped} dropped`));
  if (error) rows.push(el('div', { class: 'problem' }, error.message));
  return el('div', { class: 'device', 'data-camera': name }, ...rows);
}

function toneOf({ state, degraded, simulated, selftest }: ModelStatus): Tone {
  if (state === 'failed' || selftest?.passed === false) return 'bad';
  if (degraded || simulated) return 'warn';
  return state === 'ready' ? 'good' : 'quiet';
}

type NpuUse = NonNullable<ModelStatus['npu']>;

function layoutText({ affinity, priority, waiting }: NpuUse): string {
  return `${affinity}, ${priority}${waiting > 0 ? `, ${waiting} waiting` : ''}`;
}

/** Share of the core's time, whoever used it; runs of this network. */
function coreText({ core, state, inFlight, runs, busyShare }: NpuUse['cores'][number]): string {
  if (state === 'set-aside') return `${core}: set aside`;
  return `${core}: ${Math.round(busyShare * 100)} % busy, ${inFlight} in flight, ${runs} runs`;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

class ModelCard {
  readonly root: HTMLElement;
  readonly #client: Client;
  readonly #name: string;
  readonly #pill = el('span', { class: 'pill' });
  readonly #facts = el('dl', { class: 'facts' });
  readonly #problem = el('p', { class: 'problem', hidden: true });
  readonly #result = el('span', { class: 'result', role: 'status' });
  readonly #button: HTMLButtonElement;
  #shown = '';

  constructor(name: string, client: Client) {
    this.#name = name;
    this.#client = client;
    this.#button = el('button', { type: 'button', class: 'small', click: () => void this.#selftest() }, 'Run self-test');
    this.root = el(
      'div',
      { class: 'device', 'data-model': name },
      el('div', { class: 'device-head' }, el('strong', {}, name), this.#pill),
      this.#facts,
      this.#problem,
      el('div', { class: 'row' }, this.#button, this.#result),
    );
  }

  update(model: ModelStatus): void {
    const shown = JSON.stringify(model);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const { state, degraded, degradedReason, simulated, error, npuCores, runtime, selftest } = model;
    setText(this.#pill, [state, degraded && 'degraded', simulated && 'simulated'].filter(Boolean).join(', '));
    setTone(this.#pill, toneOf(model));
    const cores = npuCores.length > 0 ? `, cores ${npuCores.join(', ')}` : '';
    this.#facts.replaceChildren(
      fact('Version', `${model.version} (${model.release}), ${model.precision}`),
      fact('Runs on', `${model.backend} ${model.device}${cores}${runtime ? `, ${runtime}` : ''}`),
      ...(model.heads.length > 0 ? [fact('Heads', model.heads.join(', '))] : []),
      ...(model.npu ? [fact('Layout', layoutText(model.npu)), fact('Cores', model.npu.cores.map(coreText).join('; '))] : []),
      ...(model.memory ? [fact('NPU memory', `${megabytes(model.memory.weightBytes)} weights, ${megabytes(model.memory.contextBytes)} contexts`)] : []),
    );
    const problem = error?.message ?? degradedReason ?? (simulated ? 'The numbers do not come from a real network.' : '');
    setText(this.#problem, problem);
    this.#problem.hidden = problem === '';
    if (selftest) {
      setText(this.#result, `${selftest.passed ? 'Passed' : 'Failed'} in ${Math.round(selftest.ms)} ms: ${selftest.detail}`);
      setTone(this.#result, selftest.passed ? 'good' : 'bad');
    }
    this.#button.disabled = state !== 'ready';
  }

  async #selftest(): Promise<void> {
    this.#button.disabled = true;
    setText(this.#result, 'Running …');
    setTone(this.#result, 'quiet');
    this.#shown = '';
    try {
      this.update(await this.#client.selftestModel(this.#name));
    } catch (fault) {
      setText(this.#result, (fault as Error).message);
      setTone(this.#result, 'bad');
      this.#button.disabled = false;
    }
  }
}
