/** What makes sound of text: espeak-ng, or any program. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { didYouMean, MienError } from '@mien/core/plugin';
import type { SpeechOptions } from './options.ts';
import type { Programs } from './programs.ts';
import { readWav, type Sound } from './wav.ts';

export interface Phrase {
  readonly text: string;
  readonly language: string;
}

export interface Engine {
  readonly program: string;
  /** How it is installed. */
  readonly advice: string;
  /** Errors: REQUEST_INVALID for a language that it has not, with the nearest it has. */
  checkLanguage(language: string, signal: AbortSignal): Promise<void>;
  /** Rejects with what `Programs.run` rejects with; COMMAND_FAILED when it gives no WAV. */
  synthesise(phrase: Phrase, signal: AbortSignal): Promise<Sound>;
}

const MOST_LANGUAGES = 100;

/** `folder`: where programs may write. */
export function createEngine(options: SpeechOptions, programs: Programs, folder: string): Engine {
  return options.engine === 'espeak-ng' ? espeakEngine(options, programs) : commandEngine(options, programs, folder);
}

function espeakEngine({ wordsPerMinute, volume, engineTimeoutS }: SpeechOptions, programs: Programs): Engine {
  const file = 'espeak-ng';
  const timeoutMs = engineTimeoutS * 1000;
  const checked = new Set<string>();
  return {
    program: file,
    advice: 'apt install espeak-ng',
    async checkLanguage(language, signal) {
      if (checked.has(language)) return;
      try {
        await programs.run({ file, args: ['-q', '--stdin', '-v', language], input: '', timeoutMs, signal });
      } catch (fault) {
        if (!(fault instanceof MienError) || fault.code !== 'COMMAND_FAILED') throw fault;
        const known = languagesIn((await programs.run({ file, args: ['--voices'], timeoutMs, signal })).toString());
        throw new MienError(
          'REQUEST_INVALID',
          `espeak-ng has no voice for the language "${language}".${didYouMean(language, known) || ' espeak-ng --voices lists them'}`,
        );
      }
      if (checked.size < MOST_LANGUAGES) checked.add(language);
    },
    async synthesise({ text, language }, signal) {
      const args = ['--stdin', '--stdout', '-b', '1', '-v', language, '-s', String(wordsPerMinute), '-a', String(volume)];
      return readWav(await programs.run({ file, args, input: text, timeoutMs, signal }), file);
    },
  };
}

/** The second column; after a heading. */
function languagesIn(table: string): string[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/)[1] ?? '')
    .filter(Boolean);
}

function commandEngine({ engineCommand, engineArgs, engineTimeoutS }: SpeechOptions, programs: Programs, folder: string): Engine {
  const file = engineCommand.trim();
  const takesText = engineArgs.some((arg) => arg.includes('{text}'));
  const writesFile = engineArgs.some((arg) => arg.includes('{out}'));
  let last = 0;
  return {
    program: file,
    advice: 'engineCommand names the program',
    async checkLanguage() {},
    async synthesise({ text, language }, signal) {
      last += 1;
      const out = join(folder, `speech-made-${last}.wav`);
      const values: Readonly<Record<string, string>> = { text, language, out };
      const args = engineArgs.map((arg) => arg.replace(/\{(text|language|out)\}/g, (all, name: string) => values[name] ?? all));
      try {
        if (writesFile) await mkdir(folder, { recursive: true, mode: 0o700 });
        const stdout = await programs.run({ file, args, timeoutMs: engineTimeoutS * 1000, signal, ...(!takesText && { input: text }) });
        return readWav(writesFile ? await readMade(out, file) : stdout, file);
      } finally {
        if (writesFile) await rm(out, { force: true });
      }
    },
  };
}

async function readMade(path: string, program: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new MienError('COMMAND_FAILED', `${program} ended well and did not write the file that it was given as {out}: ${(cause as Error).message}`, {
      cause,
    });
  }
}
