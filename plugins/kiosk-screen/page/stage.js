// @ts-check
/**
 * Layers over the whole page, one for each item that was loaded: kept, so that they can be shown again while the plugin is gone.
 * @typedef {import('./link.js').Item} Item
 * @typedef {{ item: string, layer: HTMLElement, inner: HTMLElement }} Loaded
 */

const mostLayers = 30;
const loadWithinMs = 20_000;

export class Stage {
  #root;
  /** @type {Map<string, Loaded>} The one used last comes last. */
  #layers = new Map();
  /** @type {Map<string, Promise<Loaded>>} */
  #loading = new Map();
  /** @type {Loaded | undefined} */
  #shown;

  constructor(/** @type {HTMLElement} */ root) {
    this.#root = root;
  }

  /**
   * Resolves when it can be shown without a gap. Rejects with why not.
   * @param {Item} item
   * @returns {Promise<Loaded>}
   */
  async load(item) {
    const kept = this.#layers.get(item.item);
    if (kept) {
      this.#layers.delete(item.item);
      this.#layers.set(item.item, kept);
      return kept;
    }
    const loading = this.#loading.get(item.item) ?? this.#load(item);
    this.#loading.set(item.item, loading);
    try {
      return await loading;
    } finally {
      this.#loading.delete(item.item);
    }
  }

  /** @returns {Promise<Loaded>} */
  async #load(/** @type {Item} */ { item, kind }) {
    const layer = document.createElement('div');
    layer.className = 'layer';
    const inner = document.createElement(kind === 'image' ? 'img' : kind === 'video' ? 'video' : 'iframe');
    layer.append(inner);
    this.#root.append(layer);
    const url = `content/${item.split('/').map(encodeURIComponent).join('/')}`;
    try {
      await within(loadWithinMs, fill(inner, url));
    } catch (fault) {
      layer.remove();
      throw fault;
    }
    const loaded = { item, layer, inner };
    this.#layers.set(item, loaded);
    this.#trim();
    return loaded;
  }

  /**
   * Fades it in over what is shown. `seen` is called when it is on the screen, not while the page is hidden.
   * @param {Loaded} loaded
   * @param {number} fadeMs
   * @param {() => void} seen
   */
  show(loaded, fadeMs, seen) {
    const before = this.#shown;
    this.#shown = loaded;
    const { layer, inner } = loaded;
    if (inner instanceof HTMLVideoElement) {
      inner.currentTime = 0;
      inner.play().catch(() => {});
    }
    if (before !== loaded) {
      before?.layer.classList.remove('top');
      layer.style.transitionDuration = `${fadeMs}ms`;
      layer.classList.add('top', 'ready');
      // Laid out once while it is transparent, so that it fades.
      void layer.offsetWidth;
      layer.classList.add('on');
      setTimeout(() => this.#hide(before), fadeMs);
    }
    requestAnimationFrame(() => requestAnimationFrame(seen));
  }

  /** What was loaded may have changed: it is loaded anew when its turn comes. */
  forget() {
    for (const loaded of [...this.#layers.values()]) if (loaded !== this.#shown) this.#remove(loaded);
  }

  #hide(/** @type {Loaded | undefined} */ loaded) {
    if (!loaded || loaded === this.#shown) return;
    loaded.layer.style.transitionDuration = '0ms';
    loaded.layer.classList.remove('on', 'ready');
    if (loaded.inner instanceof HTMLVideoElement) loaded.inner.pause();
    if (!this.#layers.has(loaded.item)) loaded.layer.remove();
  }

  #trim() {
    for (const loaded of [...this.#layers.values()]) {
      if (this.#layers.size <= mostLayers) return;
      if (loaded !== this.#shown) this.#remove(loaded);
    }
  }

  #remove(/** @type {Loaded} */ loaded) {
    this.#layers.delete(loaded.item);
    // One that is fading out goes when it is done.
    if (!loaded.layer.classList.contains('ready')) loaded.layer.remove();
  }
}

/**
 * @param {HTMLElement} inner
 * @param {string} url
 */
async function fill(inner, url) {
  if (inner instanceof HTMLImageElement) {
    inner.src = url;
    await inner.decode().catch(() => {
      throw new Error('the browser cannot show this picture');
    });
  } else if (inner instanceof HTMLVideoElement) {
    inner.muted = true;
    inner.playsInline = true;
    inner.preload = 'auto';
    await new Promise((resolve, reject) => {
      inner.addEventListener('canplay', resolve, { once: true });
      inner.addEventListener('error', () => reject(new Error(`the browser cannot play this video: ${inner.error?.message ?? ''}`)), { once: true });
      inner.src = url;
    });
  } else if (inner instanceof HTMLIFrameElement) {
    // A frame also says "loaded" when it shows the browser's own page of errors.
    const answer = await fetch(url, { method: 'HEAD' });
    if (!answer.ok) throw new Error(`the page was answered with ${answer.status}`);
    inner.setAttribute('sandbox', 'allow-scripts');
    await new Promise((resolve) => {
      inner.addEventListener('load', resolve, { once: true });
      inner.src = url;
    });
  }
}

/**
 * @template T
 * @param {number} ms
 * @param {Promise<T>} work
 * @returns {Promise<T>}
 */
function within(ms, work) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it did not load within ${ms / 1000} s`)), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
