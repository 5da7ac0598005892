// @ts-check
/**
 * The way to the plugin: what to play comes in, what was shown goes out. Both survive that nobody is there: the page then plays alone, and
 * tells later.
 * @typedef {{ item: string, kind: 'image' | 'video' | 'page', rule: string }} Item
 * @typedef {{ version: string, loop: Item[], minShowS: number, itemS: number, fadeMs: number, banner: string }} Setup
 * @typedef {{ id: number, urgent: boolean, items: Item[] }} Program
 * @typedef {{ play: string, kind: 'begin' | 'end' | 'fault', item: string, rule: string, shownMs?: number, ended?: string, reason?: string }} Report
 * @typedef {{ setup(setup: Setup): void, program(program: Program): void, alone(): void }} Listener
 */

const tryAgainMs = 2000;
/** Without a connection for so long: what was decided before is no longer true. */
const aloneAfterMs = 3000;
/** The plugin gives a sign of life every five seconds. */
const silentMs = 15_000;
const mostReports = 400;
const mostAtOnce = 200;

export class Link {
  #screen;
  /** @type {EventSource | undefined} */
  #source;
  /** @type {Listener | undefined} */
  #listener;
  #heardMs = performance.now();
  /** @type {number | undefined} */
  #brokenMs;
  #isAlone = false;
  /** @type {Array<{ report: Report, atMs: number }>} Oldest first. */
  #waiting = [];
  #isSending = false;

  constructor(/** @type {string} */ screen) {
    this.#screen = screen;
  }

  start(/** @type {Listener} */ listener) {
    this.#listener = listener;
    this.#connect();
    setInterval(() => this.#watch(), 500);
  }

  report(/** @type {Report} */ report) {
    this.#waiting.push({ report, atMs: performance.now() });
    if (this.#waiting.length > mostReports) this.#waiting.shift();
    // Those of one change of items go together.
    setTimeout(() => this.flush(), 50);
  }

  async flush() {
    if (this.#isSending || this.#waiting.length === 0 || this.#brokenMs !== undefined) return;
    this.#isSending = true;
    const sent = this.#waiting.slice(0, mostAtOnce);
    try {
      const answer = await fetch('report', {
        method: 'POST',
        keepalive: true,
        headers: { 'content-type': 'application/json' },
        body: this.#words(sent),
      });
      // What is refused as wrong would be refused again.
      if (answer.ok || answer.status === 400) this.#waiting = this.#waiting.filter((one) => !sent.includes(one));
    } catch {
      // Nobody is there: told again when somebody is.
    } finally {
      this.#isSending = false;
    }
  }

  /** The page is left: what still waits, or is on its way, goes without an answer. The plugin counts each play once. */
  leave() {
    if (this.#waiting.length > 0) navigator.sendBeacon('report', new Blob([this.#words(this.#waiting.slice(-mostAtOnce))], { type: 'application/json' }));
  }

  #words(/** @type {Array<{ report: Report, atMs: number }>} */ sent) {
    const now = performance.now();
    const reports = sent.map(({ report, atMs }) => ({ ...report, agoMs: Math.round(Math.max(0, now - atMs)) }));
    return JSON.stringify({ screen: this.#screen, reports });
  }

  #connect() {
    this.#source?.close();
    const source = new EventSource(`program?screen=${this.#screen}`);
    this.#source = source;
    const on = (/** @type {string} */ name, /** @type {(data: any) => void} */ act) =>
      source.addEventListener(name, (event) => {
        this.#heardMs = performance.now();
        act(JSON.parse(event.data));
      });
    on('setup', (setup) => {
      this.#brokenMs = undefined;
      this.#isAlone = false;
      this.#listener?.setup(setup);
      this.flush();
    });
    on('program', (program) => this.#listener?.program(program));
    on('alive', () => this.flush());
    source.onerror = () => {
      source.close();
      if (this.#source !== source) return;
      this.#brokenMs ??= performance.now();
      setTimeout(() => this.#connect(), tryAgainMs);
    };
  }

  #watch() {
    const now = performance.now();
    if (this.#brokenMs === undefined && now - this.#heardMs > silentMs) {
      this.#brokenMs = now - aloneAfterMs;
      this.#heardMs = now;
      this.#connect();
    }
    if (this.#brokenMs === undefined || this.#isAlone || now - this.#brokenMs < aloneAfterMs) return;
    this.#isAlone = true;
    this.#listener?.alone();
  }
}
