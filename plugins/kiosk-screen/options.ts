/** What can be set of the screen, with a default for everything: unconfigured it plays the content that comes with it. */
import { type Static, Type } from '@mien/core/plugin';

const strict = { additionalProperties: false } as const;
const Count = (description: string) => Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description }));
const Years = (description: string) => Type.Optional(Type.Number({ minimum: 0, maximum: 120, description }));
const Clock = (description: string) => Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description });
const Item = { minLength: 1, maxLength: 200 } as const;

export const When = Type.Object(
  {
    people: Type.Optional(
      Type.Object(
        { min: Count('at least so many are there'), max: Count('at most so many are there') },
        { ...strict, description: 'how many are there, all together' },
      ),
    ),
    group: Type.Optional(Type.Enum(['alone', 'group'], { description: 'alone: one person is there; group: two or more' })),
    who: Type.Enum(['anybody', 'everybody'], {
      default: 'anybody',
      description: 'whether one of those who are there must meet all that follows, or each of them',
    }),
    ageBands: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: 16, description: 'apparent age, as 25-34 or 65+' })),
    minAge: Years('apparent age in years, at least'),
    maxAge: Years('apparent age in years, at most'),
    attention: Type.Optional(Type.Enum(['attending', 'away'], { description: 'attending: the face is turned to the screen' })),
    engagement: Type.Optional(
      Type.Array(Type.Enum(['unknown', 'disengaged', 'engaging', 'engaged', 'disengaging']), { minItems: 1, description: 'any of these' }),
    ),
    zone: Type.Optional(Type.String({ ...Item, description: 'near, mid, far, or a zone drawn on the floor' })),
    expression: Type.Optional(Type.String({ ...Item, description: 'how the face appears, as positive; never known of who may be a minor' })),
    hours: Type.Optional(
      Type.Object({ from: Clock('as 08:00'), until: Clock('as 18:00; before `from`: on the next day') }, { ...strict, description: "of the device's clock" }),
    ),
  },
  strict,
);

export const Rule = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,39}$', description: 'in the reports of what played' }),
    when: Type.Object(When.properties, { ...strict, default: {} }),
    show: Type.Union([Type.String(Item), Type.Array(Type.String(Item), { minItems: 1, maxItems: 50 })], {
      description: 'one item of the folder, or several in turn',
    }),
    priority: Type.Integer({ minimum: -100, maximum: 100, default: 0, description: 'the highest that holds is shown; equal ones in turn' }),
    forS: Type.Number({ minimum: 0, maximum: 600, default: 0.5, description: 'it must hold for so long before it counts' }),
    holdS: Type.Number({ minimum: 0, maximum: 3600, default: 3, description: 'it counts for so long after it held last' }),
  },
  strict,
);

export const Options = Type.Object({
  port: Type.Integer({ minimum: 0, maximum: 65535, default: 7440, description: 'where the page is served; 0 takes any free port' }),
  host: Type.String({ default: '127.0.0.1', description: 'address to listen on; one that other machines reach demands a token' }),
  token: Type.String({
    format: 'password',
    default: '',
    pattern: '^([A-Za-z0-9_-]{16,})?$',
    description: 'of screens on other machines, 16 letters or more: http://<device>:7440/?token=...; empty: none',
  }),
  folder: Type.String({ default: '', description: 'absolute path of the folder with the content; empty: the content that comes with this plugin' }),
  playlist: Type.Array(Type.String(Item), {
    maxItems: 200,
    default: [],
    description: 'the default loop: items of the folder in their order; empty: everything in it that can be shown, by name',
  }),
  itemS: Type.Number({ minimum: 1, maximum: 3600, default: 10, description: 'how long a picture or page is shown; videos play to their end' }),
  minShowS: Type.Number({ minimum: 0, maximum: 600, default: 3, description: 'nothing is replaced sooner, whatever the rules say' }),
  fadeMs: Type.Integer({ minimum: 0, maximum: 5000, default: 600, description: 'milliseconds from one item to the next' }),
  staleS: Type.Number({ minimum: 1, maximum: 600, default: 10, description: 'nothing seen by any camera for so long: the default loop is shown' }),
  banner: Type.String({ maxLength: 300, default: '', description: 'a line over everything, such as a notice that a camera is in use; empty: none' }),
  playedKept: Type.Integer({ minimum: 10, maximum: 4000, default: 1000, description: 'plays that are remembered, the newest; over a restart too' }),
  rules: Type.Array(Rule, { maxItems: 100, default: [], description: 'what is shown to whom instead of the default loop' }),
});

export type Options = Static<typeof Options>;
export type Rule = Static<typeof Rule>;
export type When = Static<typeof When>;

/** Items of a rule, however it was written. */
export function itemsOf({ show }: Pick<Rule, 'show'>): readonly string[] {
  return typeof show === 'string' ? [show] : show;
}
