import { MienError } from '../errors.ts';
import { type Check, checkConformance } from './plugin-conformance.ts';
import { fromAt } from './plugin-look.ts';

export interface TestCommand {
  options?: string;
  json?: boolean;
}

const marks = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;

/** `mien plugin test <path>`: a checklist of how the plugin behaves; exit code 1 when something failed. Its own tests are run by `npm test`. */
export async function pluginTest(given: string, { options, json }: TestCommand): Promise<void> {
  const checks: Check[] = [];
  for await (const check of checkConformance(fromAt(given, process.cwd()), process.cwd(), parsed(options))) {
    checks.push(check);
    if (!json) process.stdout.write(`${marks[check.result]} ${check.name}${check.detail ? `: ${check.detail}` : ''}\n`);
  }
  const count = (result: Check['result']): number => checks.filter((check) => check.result === result).length;
  const passed = count('fail') === 0;
  if (json) process.stdout.write(`${JSON.stringify({ plugin: given, passed, checks })}\n`);
  else process.stdout.write(`${count('ok')} ok, ${count('warn')} to improve, ${count('fail')} failed\n`);
  if (!passed) process.exitCode = 1;
}

function parsed(options: string | undefined): unknown {
  if (options === undefined) return undefined;
  try {
    return JSON.parse(options);
  } catch (cause) {
    throw new MienError('OPTION_UNKNOWN', `--options expects JSON such as '{"greeting":"Hello"}': ${(cause as Error).message}`, { cause });
  }
}
