/** What the contract suite over the first-party plugins asks of each. */
import { join } from 'node:path';
import type { FirstPartyName } from './first-party.ts';
import { recordingPlayer } from './speech.ts';

export interface Subject {
  readonly options: object;
  /** An option whose name is mistyped, and what was meant. */
  readonly typo: readonly [written: string, meant: string];
  /** Other good options. */
  readonly change: object;
  readonly command: string;
  /** Of its command's answer. */
  readonly answers: (answer: Record<string, unknown>) => boolean;
  /** Why it may warn, with nobody at the other end. */
  readonly warns?: RegExp;
}

/** `nobody`: host and port where nothing listens. `folder`: for what they name. */
export function subjectsOf(nobody: string, folder: string): Record<FirstPartyName, Subject> {
  return {
    'serial-robot': {
      options: { port: join(folder, 'no-robot') },
      typo: ['prot', 'port'],
      change: { rateLimit: 10 },
      command: 'serial-robot.status',
      answers: ({ port, silence }) => port === null && /there is no port/.test(String(silence)),
      warns: /^there is no port/,
    },
    mqtt: {
      options: { url: `mqtt://${nobody}` },
      typo: ['prefx', 'prefix'],
      change: { qos: 2 },
      command: 'mqtt.status',
      answers: ({ connected }) => connected === false,
      warns: /^no connection to the broker/,
    },
    webhook: {
      options: { url: `http://${nobody}/` },
      typo: ['urll', 'url'],
      change: { mode: 'binary' },
      command: 'webhook.status',
      answers: ({ target, sent }) => target === `http://${nobody}` && sent === 0,
      warns: /^the outbox could not send: it will try again|^pauses before it tries again/,
    },
    speech: {
      options: { ...recordingPlayer(join(folder, 'played')), greetings: [{ on: 'age.settled', text: 'Hello!' }] },
      typo: ['langage', 'language'],
      change: { wordsPerMinute: 200 },
      command: 'speech.status',
      answers: ({ engine, fault }) => engine !== undefined && (fault === null || fault === undefined),
    },
    dialogue: {
      options: { port: 0 },
      typo: ['tokn', 'token'],
      change: { maxSessions: 3 },
      command: 'dialogue.address',
      answers: ({ url, token }) => /^http:\/\/127\.0\.0\.1:\d+\/mcp$/.test(String(url)) && String(token).length >= 16,
    },
    'ros-bridge': {
      options: { url: `ws://${nobody}` },
      typo: ['namspace', 'namespace'],
      change: { ros: 1 },
      command: 'ros-bridge.status',
      answers: ({ state }) => state !== 'connected',
      warns: /^no connection to the robot: nobody listens there/,
    },
    'kiosk-screen': {
      // Nobody is seen for longer on a slow machine.
      options: { port: 0, staleS: 600 },
      typo: ['playlst', 'playlist'],
      change: { itemS: 5 },
      command: 'kiosk-screen.status',
      answers: ({ url, screens }) => /^http:\/\/127\.0\.0\.1:\d+\/$/.test(String(url)) && Array.isArray(screens),
    },
  };
}
