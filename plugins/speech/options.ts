/** What the user may set. The faults of it that no schema can say are in `optionFaults`. */
import { type Static, Type } from '@mien/core/plugin';
import { eventFields, personFields, sessionFields, templateFaults } from '../shared/template.ts';
import { parseQuietHours } from './quiet-hours.ts';

export const moments = ['person.appeared', 'age.settled', 'attention.started', 'emotion.positive', 'person.left'] as const;

export const Greeting = Type.Object({
  on: Type.Enum(moments, { description: 'when: somebody appears, their age is settled, they look at the device, they appear to smile, they leave' }),
  text: Type.String({ minLength: 1, maxLength: 2000, description: 'what is said; fields in braces, as {person.age.band|dear guest}' }),
  language: Type.Optional(Type.String({ minLength: 1, maxLength: 60, description: 'another one than the option language' })),
});
export type Greeting = Static<typeof Greeting>;

export const SpeechOptions = Type.Object({
  greetings: Type.Array(Greeting, {
    maxItems: 50,
    default: [{ on: 'person.appeared', text: 'Hello!' }],
    description: 'what is said of its own accord: a list of { on, text, language? }; each is said to one person once',
  }),
  language: Type.String({ minLength: 1, maxLength: 60, default: 'en', description: 'of the voice, as espeak-ng --voices names it: en, de, fr, cmn ...' }),
  wordsPerMinute: Type.Integer({ minimum: 80, maximum: 450, default: 165, description: 'how fast (espeak-ng)' }),
  volume: Type.Integer({ minimum: 0, maximum: 200, default: 100, description: 'of the voice; over 100 may be distorted (espeak-ng)' }),
  engine: Type.Enum(['espeak-ng', 'command'], { default: 'espeak-ng', description: 'what makes sound of text; command: the program of engineCommand' }),
  engineCommand: Type.String({ maxLength: 1000, default: '', description: 'program that makes a WAV; started without a shell' }),
  engineArgs: Type.Array(Type.String({ maxLength: 2000 }), {
    maxItems: 50,
    default: [],
    description:
      'its arguments; {text} and {language} are filled in, {out} is the file it shall write. Without {text} it gets the text on stdin, without {out} its stdout is the WAV',
  }),
  engineTimeoutS: Type.Integer({ minimum: 1, maximum: 120, default: 20, description: 'an engine that takes longer is ended' }),
  player: Type.Enum(['auto', 'aplay', 'paplay', 'pw-play', 'play', 'command', 'folder'], {
    default: 'auto',
    description: 'what plays the sound; auto: the first that is there; command: the program of playerCommand; folder: nothing is played, WAV files are written',
  }),
  playerCommand: Type.String({ maxLength: 1000, default: '', description: 'program that plays a WAV; started without a shell' }),
  playerArgs: Type.Array(Type.String({ maxLength: 2000 }), {
    maxItems: 50,
    default: [],
    description: 'its arguments, also of aplay and the others; {file} is the file to play. Without {file} playerCommand gets the WAV on stdin',
  }),
  folder: Type.String({ maxLength: 1000, default: '', description: 'where player folder writes what would be heard; the store of the plugin when empty' }),
  whenTurnedAway: Type.Enum(['go-on', 'stop'], {
    default: 'go-on',
    description: 'stop: silent at once when the listener turns away (needs the grant person.attention)',
  }),
  quietHours: Type.Array(Type.String({ maxLength: 20 }), {
    maxItems: 20,
    default: [],
    description: "when nothing is said, in the device's time: a list of 22:00-07:00; only what is urgent is",
  }),
  maxChars: Type.Integer({ minimum: 20, maximum: 20_000, default: 600, description: 'longest text that is said at once' }),
  tooLong: Type.Enum(['cut', 'refuse'], { default: 'cut', description: 'a longer text is cut after a sentence, or refused' }),
  maxQueued: Type.Integer({ minimum: 1, maximum: 100, default: 5, description: 'texts that may wait; one more is refused, or displaces a less important one' }),
  staleAfterS: Type.Integer({ minimum: 1, maximum: 600, default: 10, description: 'a greeting that could not be said for so long is left out' }),
  cacheMb: Type.Integer({ minimum: 0, maximum: 64, default: 8, description: 'memory for the sound of phrases that were said before' }),
});
export type SpeechOptions = Static<typeof SpeechOptions>;

export function optionFaults({ greetings, quietHours, engine, engineCommand, player, playerCommand }: SpeechOptions): string[] {
  const faults = greetings.flatMap(({ on, text }, index) => {
    const known = [...personFields, ...(on === 'person.left' ? sessionFields : []), ...eventFields];
    return templateFaults(`greetings[${index}].text`, text, known);
  });
  quietHours.forEach((span, index) => {
    if (!parseQuietHours(span)) faults.push(`quietHours[${index}]: expected two times of day such as "22:00-07:00", got "${span}"`);
  });
  if (engine === 'command' && engineCommand.trim() === '') faults.push('engineCommand: expected a program, since engine is "command", got nothing');
  if (player === 'command' && playerCommand.trim() === '') faults.push('playerCommand: expected a program, since player is "command", got nothing');
  return faults;
}
