/** Plugins in words for a person: what a grant lets see, what the sandbox covers, options with their types. */
import type { Grant } from '../events.ts';
import type { PluginDescription } from '../plugin-messages.ts';

export const grantWords: Readonly<Record<Grant, string>> = {
  'person.presence': 'who is there, since when, whether they were here before (numbers for persons, never names)',
  'person.position': 'where persons are: place in the picture, distance, direction, zone',
  'person.quality': 'how well a face can be read',
  'person.age': 'apparent age',
  'person.gender': 'apparent gender',
  'person.expression': 'the expression that a face shows',
  'person.attention': 'whether a person looks at the device, and for how long',
  'device.health': 'state of cameras, networks and plugins',
  audience: 'counts of visitors, without persons',
  'camera.preview': 'the picture of the camera',
  'model.control': 'which networks run: it may load and swap them',
};

/** Lines that say what it asks for. */
export function* needsLines({ needs, wants, uses, provides }: PluginDescription): Generator<string> {
  if (needs.length === 0) yield `needs nothing${wants.length === 0 ? ': it sees no persons and no device' : ''}`;
  for (const grant of needs) yield `${grant.padEnd(18)} ${grantWords[grant]}`;
  for (const grant of wants) yield `${grant.padEnd(18)} ${grantWords[grant]} (optional)`;
  if (uses.length > 0) yield `uses               services of other plugins: ${uses.join(', ')}`;
  if (provides.length > 0) yield `provides           services: ${provides.join(', ')}`;
}

/** `isOurs`: it came with Mien. */
export function sandboxLines(isOurs: boolean): readonly string[] {
  if (isOurs) return ['It came with Mien and is trusted like Mien itself: it shares a process with others that did, without limits on files or programs.'];
  return [
    'It runs in a process of its own. It can read its own folder, its dependencies and its store, write its store only, and start no program, worker or addon.',
    'Mien hands it events with granted fields only, and no environment variables.',
    'Not covered: the network. What it is granted to see, it can send elsewhere.',
  ];
}

interface OptionSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly OptionSchema[];
  readonly items?: OptionSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly default?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, OptionSchema>>;
  readonly required?: readonly string[];
}

export interface OptionWords {
  /** Dotted where it stands in another. */
  readonly name: string;
  readonly type: string;
  readonly description: string | undefined;
  readonly default: unknown;
  /** It has neither a default nor leave to be absent. */
  readonly isRequired: boolean;
}

/** Every option, those of nested objects as well. */
export function optionWords(options: object, within = ''): OptionWords[] {
  const { properties = {}, required = [] } = options as OptionSchema;
  return Object.entries(properties).flatMap(([key, schema]) => {
    const name = within + key;
    const isRequired = required.includes(key) && schema.default === undefined;
    const inner = schema.properties ? optionWords(schema, `${name}.`) : [];
    if (inner.length > 0) return inner;
    return [{ name, type: typeOf(schema), description: schema.description, default: schema.default, isRequired }];
  });
}

function typeOf(schema: OptionSchema): string {
  const members = schema.enum ?? schema.anyOf?.map((one) => ('const' in one ? one.const : undefined));
  if (members && !members.includes(undefined)) return members.map((one) => JSON.stringify(one)).join(' | ');
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' | ');
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.type === 'array') return `list of ${schema.items ? typeOf(schema.items) : 'anything'}`;
  const limits = [schema.minimum !== undefined && `from ${schema.minimum}`, schema.maximum !== undefined && `to ${schema.maximum}`].filter(Boolean).join(' ');
  return [schema.type ?? 'anything', limits, schema.pattern && `of the form ${schema.pattern}`].filter(Boolean).join(' ');
}
