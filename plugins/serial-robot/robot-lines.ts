/** What the robot says in words: questions are answered, lines of the options run commands, anything else is noted. */
import { compilePattern, fillInput } from './command-pattern.ts';
import type { Message, SeenPerson } from './messages.ts';
import type { Command } from './options.ts';
import type { RareLog } from './rare-log.ts';

export interface RobotLinesParts {
  readonly commands: readonly Command[];
  readonly people: () => Promise<readonly SeenPerson[]>;
  readonly status: () => string;
  readonly run: (command: string, input: object) => Promise<unknown>;
  /** False when too much waits. */
  readonly say: (...messages: readonly Message[]) => boolean;
  readonly rare: RareLog;
}

export interface RobotLines {
  heard(text: string): void;
  readonly counts: { answered: number; commands: number; unknown: number };
}

/** More people than that are counted, and the nearest named. */
const MOST_NAMED = 16;
const MOST_RUNNING = 4;

export function createRobotLines({ commands, people, status, run, say, rare }: RobotLinesParts): RobotLines {
  const patterns = commands.map((command) => ({ ...command, pattern: compilePattern(command.text) }));
  const counts = { answered: 0, commands: 0, unknown: 0 };
  let isAsking = false;
  let running = 0;

  const answer = async (how: (here: readonly SeenPerson[]) => Message[]): Promise<void> => {
    // A robot that asks faster than it is answered gets one answer.
    if (isAsking) return;
    isAsking = true;
    try {
      if (say(...how(await people()))) counts.answered += 1;
      else rare.warn('crowded', {}, 'too much waits for the robot: its question was not answered');
    } catch (fault) {
      rare.warn('people', { reason: String(fault) }, 'the question of the robot could not be answered');
    } finally {
      isAsking = false;
    }
  };
  const questions: Readonly<Record<string, () => unknown>> = {
    'COUNT?': () => answer((here) => [{ kind: 'count', count: here.length }]),
    'WHO?': () => answer((here) => [{ kind: 'count', count: here.length }, ...nearest(here).map((person): Message => ({ kind: 'here', person }))]),
    'STATUS?': () => {
      if (say({ kind: 'text', text: status() })) counts.answered += 1;
    },
  };

  const runs = async (command: string, input: object): Promise<void> => {
    if (running >= MOST_RUNNING) return rare.warn('running', { command }, 'the robot asks for more commands than can be run: this one was not');
    running += 1;
    try {
      await run(command, input);
      counts.commands += 1;
    } catch (fault) {
      rare.warn(`command ${command}`, { command, reason: fault instanceof Error ? fault.message : String(fault) }, 'a command of the robot failed');
    } finally {
      running -= 1;
    }
  };

  return {
    counts,
    heard(text) {
      const question = Object.hasOwn(questions, text) ? questions[text] : undefined;
      if (question) return void question();
      for (const { pattern, command, input } of patterns) {
        const found = pattern.match(text);
        if (found) return void runs(command, fillInput(input, found) as object);
      }
      counts.unknown += 1;
      rare.debug('unknown', { text: text.slice(0, 80) }, 'the robot said what nothing is written for');
    },
  };
}

function nearest(people: readonly SeenPerson[]): readonly SeenPerson[] {
  return [...people].sort((a, b) => (a.distance?.m ?? Infinity) - (b.distance?.m ?? Infinity)).slice(0, MOST_NAMED);
}
