import { readFile, stat } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { MienError } from '../errors.ts';
import { checkScenario, type Scenario } from './scenario.ts';

const MOST_BYTES = 4 * 1024 * 1024;

/** Reads one YAML (or JSON) file. Errors: INPUT_NOT_FOUND; SCENARIO_INVALID with line and column, or every fault with its path. */
export async function readScenario(path: string): Promise<Scenario> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > MOST_BYTES) throw new MienError('SCENARIO_INVALID', `${path} has ${size} bytes; a scenario has at most ${MOST_BYTES}`);
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof MienError) throw cause;
    throw new MienError('INPUT_NOT_FOUND', `cannot read the scenario ${path}: ${(cause as Error).message}`, { cause });
  }
  return checkScenario(parse(text, path), path);
}

function parse(text: string, path: string): unknown {
  try {
    const document = parseDocument(text, { merge: true });
    const [fault] = document.errors;
    if (fault) throw fault;
    return document.toJS();
  } catch (cause) {
    throw new MienError('SCENARIO_INVALID', `${path} is not valid YAML: ${(cause as Error).message}`, { cause });
  }
}
