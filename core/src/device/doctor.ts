/** `mien doctor`: looks at everything that Mien needs of a machine, starts nothing, changes nothing. */
import type { Config } from '../config.ts';
import { MienError } from '../errors.ts';
import { checkConfig, loadConfig } from '../load-config.ts';
import { readBoard } from './board.ts';
import { type Check, fail, type Row, type Subject } from './check.ts';
import { checkBoard } from './check-board.ts';
import { checkCameras } from './check-cameras.ts';
import { checkModel } from './check-model.ts';
import { checkNpu } from './check-npu.ts';
import { checkNpuHealth } from './check-npu-health.ts';
import { checkPlugins } from './check-plugins.ts';
import { checkProgram } from './check-program.ts';
import { type Machine, thisMachine } from './machine.ts';

export interface Diagnosis {
  /** Of this shape. */
  readonly doctor: 1;
  readonly board: string;
  readonly chip: string | null;
  /** False when something that the configuration needs does not work. */
  readonly ok: boolean;
  readonly rows: readonly Row[];
}

export interface DoctorOptions {
  /** Path of mien.yaml; every default without it. */
  readonly config?: string | undefined;
  readonly machine?: Machine;
  /** No check takes longer. */
  readonly checkWithinMs?: number;
}

const CHECKS: Readonly<Record<string, Check>> = {
  board: checkBoard,
  npu: checkNpu,
  'npu.health': checkNpuHealth,
  program: checkProgram,
  model: checkModel,
  cameras: checkCameras,
  plugins: checkPlugins,
};

/** Errors: INPUT_NOT_FOUND when the configuration file is not there. Whatever else is wrong stands in a row. */
export async function diagnose({ config: configPath, machine = thisMachine(), checkWithinMs = 30_000 }: DoctorOptions = {}): Promise<Diagnosis> {
  const board = await readBoard(machine.files);
  const subject: Subject = { machine, board, configPath, ...(await readConfig(configPath)) };
  const rows: Row[] = [];
  for (const [name, check] of Object.entries(CHECKS)) rows.push(...(await within(name, checkWithinMs, check(subject))));
  return { doctor: 1, board: board.model, chip: board.chip ?? null, ok: rows.every(({ state }) => state !== 'fail'), rows };
}

async function readConfig(path: string | undefined): Promise<{ config: Config; configFault: string | undefined }> {
  try {
    return { config: await loadConfig(path), configFault: undefined };
  } catch (fault) {
    const { code, message } = MienError.from(fault);
    if (code !== 'CONFIG_INVALID') throw fault;
    return { config: checkConfig({}), configFault: message };
  }
}

/** A check that breaks or hangs is a row of its own, and the others go on. */
async function within(name: string, ms: number, rows: Promise<readonly Row[]>): Promise<readonly Row[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`gave no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([rows, late]);
  } catch (fault) {
    return [fail(name, `could not be looked at: ${(fault as Error).message}`, 'run it again; where it stays so, send the output of: mien doctor --json')];
  } finally {
    clearTimeout(timer);
  }
}
