/** What Mien itself offers to plugins: people, models, cameras. Each call is held against the grants of the plugin that makes it. */
import Type, { type TSchema } from 'typebox';
import type { Config } from '../../config.ts';
import { MienError } from '../../errors.ts';
import type { Grant, Person } from '../../events.ts';
import { didYouMean } from '../../nearest-name.ts';
import type { CoreServices } from '../../plugin.ts';
import { schemaFaults } from '../../schema-faults.ts';
import type { Sight, SwapRequest } from '../../sight/sight.ts';

export interface CoreServiceSources {
  readonly people: { current(): readonly Person[] };
  readonly sight: Sight;
  readonly config: Config;
}

/** Who calls. */
export interface CoreCaller {
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly view: { people(people: readonly Person[]): Person[] };
}

interface Method {
  /** Undefined: everybody may. */
  readonly needs?: Grant;
  readonly args: readonly TSchema[];
  readonly timeoutMs: number;
  run(caller: CoreCaller, args: readonly unknown[], signal: AbortSignal): Promise<unknown>;
}

export interface CoreCall {
  readonly timeoutMs: number;
  run(signal: AbortSignal): Promise<unknown>;
}

const names = ['people', 'models', 'cameras'] as const satisfies readonly (keyof CoreServices)[];
export const coreServiceNames: ReadonlySet<string> = new Set(names);

const quickMs = 10_000;
/** A network is loaded, warmed up and tested, on a slow board from a slow card. */
const modelMs = 60_000;
const pictureMs = 5000;

const Name = Type.String({ minLength: 1, maxLength: 200 });
const Swap = Type.Object(
  { release: Type.Optional(Type.String({ minLength: 1 })), precision: Type.Optional(Type.Union([Type.Literal('fp32'), Type.Literal('int8')])) },
  { additionalProperties: false },
);

/** Gives the call, ready to run. Errors: REQUEST_INVALID, GRANT_MISSING; running it rejects with what people and sight reject with. */
export function createCoreServices({ people, sight, config }: CoreServiceSources) {
  const model = (method: 'load' | 'unload' | 'selftest'): Method => ({
    needs: 'model.control',
    args: [Name],
    timeoutMs: modelMs,
    run: (_, [name]) => sight.models[method](name as string),
  });
  const services: { readonly [K in keyof CoreServices]: { readonly [M in keyof CoreServices[K]]: Method } } = {
    people: {
      current: { needs: 'person.presence', args: [], timeoutMs: quickMs, run: async ({ view }) => view.people(people.current()) },
    },
    models: {
      list: { args: [], timeoutMs: quickMs, run: () => sight.models.list() },
      load: model('load'),
      unload: model('unload'),
      selftest: model('selftest'),
      swap: {
        needs: 'model.control',
        args: [Name, Swap],
        timeoutMs: modelMs,
        run: (_, [name, request]) => sight.models.swap(name as string, request as SwapRequest),
      },
    },
    cameras: {
      list: { needs: 'device.health', args: [], timeoutMs: quickMs, run: async () => sight.status().cameras },
      snapshot: {
        needs: 'camera.preview',
        args: [Name],
        timeoutMs: pictureMs,
        run: (_, [camera], signal) => snapshot(camera as string, signal),
      },
    },
  };

  /** One picture; nothing is encoded after it. */
  const snapshot = async (camera: string, signal: AbortSignal): Promise<string> => {
    const known = config.cameras.map(({ name }) => name);
    if (!known.includes(camera)) throw new MienError('CAMERA_NOT_FOUND', `there is no camera "${camera}"; there is ${known.join(', ')}`);
    const pictures = sight.preview(camera);
    // Returning ends a wait for a picture that does not come.
    const end = (): void => void pictures.return?.().catch(() => {});
    signal.addEventListener('abort', end, { once: true });
    try {
      const first = await pictures.next();
      if (first.done) throw new MienError('CAMERA_LOST', `the camera "${camera}" gives no picture; is it live?`);
      return Buffer.from(first.value).toString('base64');
    } finally {
      signal.removeEventListener('abort', end);
      end();
    }
  };

  return (caller: CoreCaller, service: string, method: string, args: readonly unknown[]): CoreCall => {
    const methods = services[service as keyof CoreServices] as Readonly<Record<string, Method>>;
    const found = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (!found) {
      const known = Object.keys(methods);
      throw new MienError('REQUEST_INVALID', `the service "${service}" has no method "${method}"; it has ${known.join(', ')}.${didYouMean(method, known)}`);
    }
    if (found.needs && !caller.grants.includes(found.needs)) throw missingGrant(caller.name, `${service}.${method}`, found.needs);
    const given = found.args.flatMap((schema, index) => schemaFaults(schema, args[index]).map((fault) => `argument ${index + 1}: ${fault}`));
    if (given.length > 0) throw new MienError('REQUEST_INVALID', `${service}.${method}: ${given.join('; ')}`);
    return { timeoutMs: found.timeoutMs, run: (signal) => found.run(caller, args, signal) };
  };
}

export function missingGrant(plugin: string, what: string, grant: Grant): MienError {
  return new MienError(
    'GRANT_MISSING',
    `"${plugin}" may not use ${what} without ${grant}: add '${grant}' to \`needs\` or \`wants\` in its definition and to plugins.${plugin}.grant in mien.yaml`,
  );
}
