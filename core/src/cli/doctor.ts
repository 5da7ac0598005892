import type { Row } from '../device/check.ts';
import { type Diagnosis, diagnose } from '../device/doctor.ts';

export interface DoctorCommand {
  config?: string;
  json?: boolean;
}

/** `mien doctor`. Exit code 1 when something that the configuration needs does not work. */
export async function doctor(options: DoctorCommand): Promise<void> {
  const diagnosis = await diagnose({ config: options.config });
  process.stdout.write(options.json ? `${JSON.stringify(diagnosis)}\n` : asTable(diagnosis));
  if (!diagnosis.ok) process.exitCode = 1;
}

const words: Readonly<Record<Row['state'], string>> = { ok: 'ok', absent: '-', warn: 'warn', fail: 'FAIL' };

/** One line a row, its further lines and its remedy under it. */
export function asTable({ rows, ok }: Diagnosis): string {
  const width = Math.max(...rows.map(({ check }) => check.length));
  const indent = ' '.repeat(width + 8);
  const lines = rows.flatMap((row) => {
    const [first = '', ...more] = row.found.split('\n');
    const head = `${words[row.state].padEnd(4)}  ${row.check.padEnd(width)}  ${first}`;
    return [head, ...more.map((line) => indent + line), ...('fix' in row ? [`${indent}fix: ${row.fix}`] : [])];
  });
  const count = (state: Row['state']): number => rows.filter((row) => row.state === state).length;
  const verdict = ok ? 'Everything that this configuration needs is there.' : 'Something that this configuration needs does not work.';
  const counts = `${count('ok')} ok, ${count('warn')} to better, ${count('fail')} failed, ${count('absent')} absent and not needed.`;
  return `${[...lines, '', `${verdict} ${counts}`].join('\n')}\n`;
}
