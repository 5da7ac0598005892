/** The pages that are open: each hears over one EventSource what to play, and is known by its name until it has been gone for a while. */
import type { ServerResponse } from 'node:http';
import type { Program, ProgramItem } from './director.ts';

/** How a page plays; sent first, so that it can go on alone. */
export interface PageSetup {
  /** Of the content: pages load anew what may have changed. */
  readonly version: string;
  readonly loop: readonly ProgramItem[];
  readonly minShowS: number;
  readonly itemS: number;
  readonly fadeMs: number;
  readonly banner: string;
}

export const mostScreens = 16;
/** A page that hears nothing for three of these goes on alone. */
export const aliveEveryMs = 5000;
/** After so long without a connection a page is not expected back. */
const goneMs = 30_000;
/** Not yet sent to one page; more means that it does not read. */
const mostUnsentBytes = 256 * 1024;

interface Screen {
  readonly connections: Set<ServerResponse>;
  lastWallMs: number;
  gone?: NodeJS.Timeout;
}

export class Screens {
  readonly #setup: PageSetup;
  readonly #onGone: (screen: string, lastWallMs: number) => void;
  readonly #screens = new Map<string, Screen>();
  readonly #alive: NodeJS.Timeout;
  #program: Program;

  constructor(setup: PageSetup, program: Program, onGone: (screen: string, lastWallMs: number) => void) {
    this.#setup = setup;
    this.#program = program;
    this.#onGone = onGone;
    this.#alive = setInterval(() => this.#toAll('alive', {}), aliveEveryMs);
  }

  /** Names of those that are connected. */
  get names(): readonly string[] {
    return [...this.#screens].filter(([, { connections }]) => connections.size > 0).map(([name]) => name);
  }

  get isFull(): boolean {
    return [...this.#screens.values()].reduce((sum, { connections }) => sum + connections.size, 0) >= mostScreens;
  }

  /** Its head is written; from here on events follow. */
  open(name: string, response: ServerResponse): void {
    const screen = this.#screens.get(name) ?? { connections: new Set(), lastWallMs: Date.now() };
    clearTimeout(screen.gone);
    this.#screens.set(name, screen);
    screen.connections.add(response);
    response.on('error', () => {});
    response.on('close', () => this.#closed(name, screen, response));
    send(response, 'setup', this.#setup);
    send(response, 'program', this.#program);
  }

  /** Sent to every page, and to those that come later. */
  play(program: Program): void {
    this.#program = program;
    this.#toAll('program', program);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#alive);
    for (const { gone, connections } of this.#screens.values()) {
      clearTimeout(gone);
      for (const response of connections) response.destroy();
    }
    this.#screens.clear();
  }

  #closed(name: string, screen: Screen, response: ServerResponse): void {
    screen.connections.delete(response);
    if (screen.connections.size > 0 || this.#screens.get(name) !== screen) return;
    screen.lastWallMs = Date.now();
    screen.gone = setTimeout(() => {
      this.#screens.delete(name);
      this.#onGone(name, screen.lastWallMs);
    }, goneMs);
  }

  #toAll(event: string, data: object): void {
    for (const { connections } of this.#screens.values()) for (const response of connections) send(response, event, data);
  }
}

function send(response: ServerResponse, event: string, data: object): void {
  if (response.writableLength > mostUnsentBytes) response.destroy();
  else response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
