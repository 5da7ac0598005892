/** The camera's picture: only after a click, marked, off again after ten minutes or by a click. */
import { type Client, ClientError } from '../../client.ts';
import { byId, el, setText } from './dom.ts';

const onMs = 10 * 60_000;

export class PreviewPanel {
  readonly #client: Client;
  readonly #box = byId('preview');
  readonly #note = el('p', { class: 'muted' }, 'Pictures go to this browser only, and nothing is stored. Off again after 10 minutes.');
  readonly #problem = el('p', { class: 'problem', role: 'alert', hidden: true });
  readonly #choice = el('select', { 'aria-label': 'Camera' });
  readonly #button = el('button', { type: 'button', click: () => this.#toggle() }, 'Show live picture');
  readonly #left = el('span');
  readonly #stage = el('figure', { class: 'stage', hidden: true });
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(client: Client) {
    this.#client = client;
    this.#box.replaceChildren(this.#stage, this.#problem, el('div', { class: 'row' }, this.#choice, this.#button), this.#note);
    this.#choice.hidden = true;
    this.#choice.addEventListener('change', () => {
      if (this.#timer !== undefined) this.#show();
    });
  }

  setCameras(names: readonly string[]): void {
    const known = [...this.#choice.options].map(({ value }) => value);
    if (known.join() === names.join()) return;
    this.#choice.replaceChildren(...names.map((name) => el('option', { value: name }, name)));
    this.#choice.hidden = names.length < 2;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    // Without a source the browser closes the stream, and Mien stops drawing.
    this.#stage.querySelector('img')?.removeAttribute('src');
    this.#stage.replaceChildren();
    this.#stage.hidden = true;
    setText(this.#button, 'Show live picture');
  }

  #toggle(): void {
    this.#problem.hidden = true;
    if (this.#timer === undefined) this.#show();
    else this.stop();
  }

  #show(): void {
    this.stop();
    const camera = this.#choice.value;
    const picture = el('img', { src: this.#client.previewUrl(camera), alt: `Live picture of camera ${camera} with boxes around faces` });
    picture.addEventListener('error', () => void this.#fail(camera));
    this.#stage.replaceChildren(picture, el('figcaption', { class: 'mark' }, 'Local preview', this.#left));
    this.#stage.hidden = false;
    setText(this.#button, 'Turn off');
    const endsAt = performance.now() + onMs;
    const tick = (): void => {
      const seconds = Math.ceil((endsAt - performance.now()) / 1000);
      if (seconds <= 0) {
        this.stop();
        return;
      }
      setText(this.#left, `off in ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`);
    };
    this.#timer = setInterval(tick, 1000);
    tick();
  }

  async #fail(camera: string): Promise<void> {
    if (this.#timer === undefined) return;
    this.stop();
    const reason = await this.#client.preview(camera).then(
      () => 'the stream ended',
      (fault: unknown) => (fault instanceof ClientError ? fault.message : 'Mien does not answer'),
    );
    setText(this.#problem, `No picture: ${reason}.`);
    this.#problem.hidden = false;
  }
}
