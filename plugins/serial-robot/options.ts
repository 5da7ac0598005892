/** The options, and what is wrong with them that their schema cannot say. */
import { type Static, Type } from '@mien/core/plugin';
import { compileTemplate, personFields, sessionFields, templateFaults } from '../shared/template.ts';
import { patternFaults } from './command-pattern.ts';
import { portFault } from './find-port.ts';
import { type PersonEventName, personEvents } from './messages.ts';

const Line = Type.Object(
  {
    on: Type.Enum([...personEvents], { description: 'the event' }),
    text: Type.String({ minLength: 1, maxLength: 400, description: 'with fields of the event in braces, as HELLO {person.age.band|?}' }),
    settled: Type.Enum(['any', 'age', 'gender', 'expression'], { default: 'any', description: 'with person.updated: only when this has just become certain' }),
    everyMs: Type.Integer({ default: 0, minimum: 0, maximum: 3_600_000, description: 'to the same person at most once in so long; 0: each time' }),
  },
  { additionalProperties: false },
);
export type Line = Static<typeof Line>;

const Command = Type.Object(
  {
    text: Type.String({ minLength: 1, maxLength: 200, description: 'the line of the robot; {name} stands for any text, as SAY {words}' }),
    command: Type.String({ minLength: 1, description: 'the command of a plugin, as speech.say' }),
    input: Type.Record(Type.String(), Type.Unknown(), { default: {}, description: 'its input; {name} in a text is what stood there in the line' }),
  },
  { additionalProperties: false },
);
export type Command = Static<typeof Command>;

const defaultLines: Line[] = [
  { on: 'person.appeared', text: 'HELLO {person.id}', settled: 'any', everyMs: 0 },
  { on: 'person.updated', text: 'SEES {person.id} {person.age.band|-} {person.gender.label|-} {person.expression.label|-}', settled: 'any', everyMs: 0 },
  { on: 'person.left', text: 'BYE {person.id}', settled: 'any', everyMs: 0 },
];

export const Options = Type.Object({
  port: Type.String({ default: '', description: 'device file, as /dev/ttyUSB0 or /dev/serial/by-id/...; or usb:1a86:7523 (vendor:product[:serial number])' }),
  baudRate: Type.Integer({ default: 115_200, minimum: 50, maximum: 4_000_000, description: 'bits a second, as in the program of the robot; 8N1' }),
  format: Type.Enum(['lines', 'json', 'binary'], {
    default: 'lines',
    description: 'lines: texts of your own; json: an object a line; binary: frames with a CRC',
  }),
  lineEnd: Type.Enum(['lf', 'crlf'], { default: 'lf', description: 'what ends a line to the robot; from it both will do' }),
  lines: Type.Array(Line, { default: defaultLines, maxItems: 64, description: 'format lines: what is said when' }),
  events: Type.Array(Type.Enum([...personEvents]), {
    default: ['person.appeared', 'person.updated', 'person.left'],
    uniqueItems: true,
    description: `formats json and binary: which events are sent, of ${personEvents.join(', ')}`,
  }),
  settleMs: Type.Integer({ default: 0, minimum: 0, maximum: 30_000, description: 'wait after opening; an Arduino starts anew then and needs 2000' }),
  rateLimit: Type.Integer({ default: 20, minimum: 1, maximum: 1000, description: 'messages a second at most; the newest of each person counts' }),
  ack: Type.Object(
    {
      expect: Type.Boolean({ default: false, description: 'the robot acknowledges each message (OK in lines); else it is sent again' }),
      timeoutMs: Type.Integer({ default: 250, minimum: 10, maximum: 60_000, description: 'so long it may take' }),
      retries: Type.Integer({ default: 3, minimum: 0, maximum: 100, description: 'then it is dropped and counted' }),
    },
    { default: {}, description: 'acknowledgement' },
  ),
  heartbeat: Type.Object(
    {
      everyMs: Type.Integer({ default: 500, minimum: 0, maximum: 60_000, description: 'to the robot, which should stop when it stays away; 0: none' }),
      text: Type.String({ default: 'HB', minLength: 1, maxLength: 100, description: 'format lines: what is said, in both directions' }),
      lostAfterMs: Type.Integer({
        default: 0,
        minimum: 0,
        maximum: 600_000,
        description: 'a robot that says nothing for so long is lost; 0: it may be silent',
      }),
    },
    { default: {}, description: 'signs of life, both ways' },
  ),
  safeStop: Type.Object(
    {
      text: Type.String({ default: 'STOP', minLength: 1, maxLength: 100, description: 'format lines: what is said' }),
      cameraLost: Type.Boolean({ default: true, description: 'stop while a camera gives no pictures' }),
      sightDegraded: Type.Boolean({ default: true, description: 'stop while a network runs on less than it was asked to, or not at all' }),
    },
    { default: {}, description: 'said when something is lost; then nothing else until it is back' },
  ),
  commands: Type.Array(Command, { default: [], maxItems: 64, description: 'lines of the robot that run commands of other plugins' }),
});
export type Options = Static<typeof Options>;

const ofEvent: Record<PersonEventName, readonly string[]> = {
  'person.appeared': personFields,
  'person.updated': personFields,
  'person.left': [...personFields, ...sessionFields, 'reason'],
  'emotion.changed': [...personFields, 'from', 'to'],
  'attention.started': personFields,
  'attention.ended': [...personFields, 'kind', 'durationMs'],
};

export function optionFaults({ port, lines, commands }: Options): string[] {
  const ofPort = portFault(port);
  return [
    ...(ofPort === undefined ? [] : [ofPort]),
    ...lines.flatMap(({ on, text, settled }, i) => [
      ...templateFaults(`lines.${i}.text`, text, ofEvent[on]),
      ...(settled !== 'any' && on !== 'person.updated' ? [`lines.${i}.settled: expected any where \`on\` is not person.updated, got ${settled}`] : []),
    ]),
    ...commands.flatMap(({ text, input }, i) => patternFaults(`commands.${i}`, text, input)),
  ];
}

const grantOf = [
  [/^(person|session)\.age\b/, 'person.age'],
  [/^(person|session)\.gender\b/, 'person.gender'],
  [/^(person|session)\.expression\b|^(from|to)$/, 'person.expression'],
  [/^person\.(attention|engagement)\b|^session\.(attentionMs|glances|looks)$|^(kind|durationMs)$/, 'person.attention'],
  [/^person\.(distance|bearingDeg|zone)\b|^session\.closestM$/, 'person.position'],
  [/^person\.quality\b/, 'person.quality'],
] as const;

/** Grants that the lines of these options ask for beside `held`. */
export function grantsMissing({ lines }: Pick<Options, 'lines'>, held: readonly string[]): string[] {
  const fields = lines.flatMap(({ text }) => compileTemplate(text).fields);
  const asked = new Set(fields.flatMap((field) => grantOf.find(([pattern]) => pattern.test(field))?.[1] ?? []));
  return [...asked].filter((grant) => !held.includes(grant));
}
