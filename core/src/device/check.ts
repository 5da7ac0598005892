/** What doctor's checks share: what they are given, and the rows they give. */
import type { Config } from '../config.ts';
import type { Board } from './board.ts';
import type { Machine } from './machine.ts';

/**
 * `ok`: as it should be. `warn`: works, but less well than it could. `fail`: the configuration needs it and it does not work. `absent`: not there, and
 * not needed.
 */
export type Row =
  | { readonly check: string; readonly state: 'ok' | 'absent'; readonly found: string }
  | {
      readonly check: string;
      readonly state: 'warn' | 'fail';
      readonly found: string;
      /** A command, or a line for the configuration, or what else to do. */
      readonly fix: string;
    };

export interface Subject {
  readonly machine: Machine;
  readonly board: Board;
  /** Every default where there is none or it is faulty. */
  readonly config: Config;
  /** As it was given on the command line. */
  readonly configPath: string | undefined;
  /** What is wrong with it. */
  readonly configFault: string | undefined;
}

export type Check = (subject: Subject) => Promise<readonly Row[]>;

export const ok = (check: string, found: string): Row => ({ check, state: 'ok', found });
export const absent = (check: string, found: string): Row => ({ check, state: 'absent', found });
export const warn = (check: string, found: string, fix: string): Row => ({ check, state: 'warn', found, fix });
export const fail = (check: string, found: string, fix: string): Row => ({ check, state: 'fail', found, fix });

/** Where a line of the configuration is to be changed. */
export function inConfig({ configPath }: Pick<Subject, 'configPath'>): string {
  return configPath === undefined ? 'in a mien.yaml, given with --config' : `in ${configPath}`;
}

/** For a shell, where the text holds more than plain names. */
export function quoted(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
