// @ts-check
/**
 * Plays a program's items in turn, on and on, whatever happens around it. What is shown stays at least `minShowS`; what cannot be shown is left
 * out; where nothing can be shown, what is on stays.
 * @typedef {import('./link.js').Item} Item
 * @typedef {import('./link.js').Setup} Setup
 * @typedef {import('./link.js').Program} Program
 * @typedef {import('./link.js').Report} Report
 * @typedef {import('./stage.js').Stage} Stage
 * @typedef {import('./stage.js').Loaded} Loaded
 * @typedef {{ item: Item, play: string, seenMs: number | undefined, ended: boolean }} Play
 */

/** An item that failed is not tried again for so long. */
const failedForMs = 30_000;
const tryAgainMs = 3000;
/** A video that does not move for so long has hung. */
const stalledMs = 10_000;

export class Player {
  #stage;
  #report;
  /** @type {Setup} */
  #setup = { version: '', loop: [], minShowS: 0, itemS: 10, fadeMs: 0, banner: '' };
  /** @type {Item[]} */
  #items = [];
  /** @type {Play | undefined} */
  #now;
  /** @type {Map<string, number>} */
  #failedMs = new Map();
  /** Of the newest wish to show something: older ones that are still loading are dropped. */
  #turn = 0;
  #timer = 0;
  #stalled = 0;

  /**
   * @param {Stage} stage
   * @param {(report: Report) => void} report
   */
  constructor(stage, report) {
    this.#stage = stage;
    this.#report = report;
  }

  /** Comes first, and again when the plugin was started anew. */
  setUp(/** @type {Setup} */ setup) {
    if (setup.version !== this.#setup.version) this.#stage.forget();
    this.#setup = setup;
    this.#failedMs.clear();
  }

  play(/** @type {Program} */ { items, urgent }) {
    this.#items = items;
    const now = this.#now;
    // What nobody has seen yet has all its time before it.
    const shownForMs = now ? performance.now() - (now.seenMs ?? performance.now()) : Infinity;
    const stays = now !== undefined && items.some((one) => isSame(one, now.item));
    if (!stays) this.#after(urgent ? 0 : this.#setup.minShowS * 1000 - shownForMs, 'replaced');
    // What is on belongs to the new program too: it goes on to its end, whatever was meant to take its place.
    else if (now.item.kind === 'video') this.#cancel();
    else this.#after(this.#setup.itemS * 1000 - shownForMs, 'over');
  }

  /** Nobody decides any more. */
  playAlone() {
    this.play({ id: 0, urgent: false, items: this.#setup.loop });
  }

  /** The page is left. */
  leave() {
    this.#end('left');
  }

  /**
   * @param {number} ms
   * @param {'over' | 'replaced'} because
   */
  #after(ms, because) {
    this.#cancel();
    this.#timer = setTimeout(() => this.#next(because), Math.max(0, ms));
  }

  #cancel() {
    clearTimeout(this.#timer);
    this.#turn += 1;
  }

  async #next(/** @type {'over' | 'replaced'} */ because) {
    const turn = ++this.#turn;
    for (const item of this.#candidates()) {
      const now = this.#now;
      if (now && isSame(now.item, item) && item.kind !== 'video') {
        // The only one: it simply stays.
        this.#after(this.#setup.itemS * 1000, 'over');
        return;
      }
      const loaded = await this.#load(item);
      if (turn !== this.#turn) return;
      if (!loaded) continue;
      this.#show(item, loaded, because);
      return;
    }
    this.#after(tryAgainMs, because);
  }

  /** In their order, from the one after that which is on; then the default loop, so that something is shown. */
  #candidates() {
    const now = this.#now;
    const at = now ? this.#items.findIndex((one) => isSame(one, now.item)) : -1;
    const inTurn = [...this.#items.slice(at + 1), ...this.#items.slice(0, at + 1)];
    return [...inTurn, ...this.#setup.loop].filter((one) => !this.#isFailed(one));
  }

  #isFailed(/** @type {Item} */ { item }) {
    return performance.now() - (this.#failedMs.get(item) ?? -Infinity) < failedForMs;
  }

  /** @returns {Promise<Loaded | undefined>} */
  async #load(/** @type {Item} */ item) {
    try {
      return await this.#stage.load(item);
    } catch (fault) {
      this.#failedMs.set(item.item, performance.now());
      this.#report({
        play: newName(),
        kind: 'fault',
        item: item.item,
        rule: item.rule,
        reason: String(/** @type {Error} */ (fault).message).slice(0, 300) || 'unknown',
      });
      return undefined;
    }
  }

  /**
   * @param {Item} item
   * @param {Loaded} loaded
   * @param {'over' | 'replaced'} because
   */
  #show(item, loaded, because) {
    this.#end(because);
    /** @type {Play} */
    const play = { item, play: newName(), seenMs: undefined, ended: false };
    this.#now = play;
    this.#stage.show(loaded, this.#setup.fadeMs, () => {
      if (play.ended) return;
      play.seenMs = performance.now();
      this.#report({ play: play.play, kind: 'begin', item: item.item, rule: item.rule });
    });
    if (loaded.inner instanceof HTMLVideoElement) this.#follow(loaded.inner, play);
    else this.#after(this.#setup.itemS * 1000, 'over');
    this.#preload();
  }

  #follow(/** @type {HTMLVideoElement} */ video, /** @type {Play} */ play) {
    const over = () => {
      clearTimeout(this.#stalled);
      if (this.#now === play) this.#after(0, 'over');
    };
    const moves = () => {
      clearTimeout(this.#stalled);
      if (this.#now === play) this.#stalled = setTimeout(over, stalledMs);
    };
    video.onended = over;
    video.onerror = over;
    video.ontimeupdate = moves;
    this.#cancel();
    moves();
  }

  /** The next one, and then the whole loop: it must go on when the plugin is gone. */
  async #preload() {
    const turn = this.#turn;
    for (const item of [...this.#candidates().slice(0, 1), ...this.#setup.loop]) {
      if (turn !== this.#turn) return;
      if (!this.#isFailed(item)) await this.#load(item);
    }
  }

  #end(/** @type {'over' | 'replaced' | 'left'} */ ended) {
    const play = this.#now;
    if (!play || play.ended) return;
    play.ended = true;
    if (play.seenMs === undefined) return;
    const { item, rule } = play.item;
    this.#report({ play: play.play, kind: 'end', item, rule, ended, shownMs: Math.round(performance.now() - play.seenMs) });
  }
}

/**
 * @param {Item} a
 * @param {Item} b
 */
function isSame(a, b) {
  return a.item === b.item && a.rule === b.rule;
}

function newName() {
  return [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
