/** The people half of Mien: observations and notices of sight in, events out. It never sees a pixel. */
import Value from 'typebox/value';
import { CameraConfig, type Config } from '../config.ts';
import { createEnveloper, type Enveloper } from '../enveloper.ts';
import type { EventOrigin, MienEvent, Person } from '../events.ts';
import { monotonicMs } from '../frame.ts';
import type { Observation } from '../observation.ts';
import { CameraPeople } from './camera-people.ts';
import { type ModelNotice, modelEvent, type Notice } from './notices.ts';
import { eventOrigin } from './origin.ts';
import { createPersonIds } from './person-ids.ts';
import type { WhyNot } from './why-not.ts';

export type { Notice } from './notices.ts';
export type { WhyNot } from './why-not.ts';

export interface People {
  /** What this frame changed, in order. */
  observe(observation: Observation): MienEvent[];
  /**
   * Call a few times a second: lets persons go while a camera is silent; harmless while frames come. `nowMonoMs`: host's monotonic clock.
   * Not for files played as fast as they decode: there time is the media's.
   */
  tick(nowMonoMs?: number): MienEvent[];
  notice(notice: Notice): MienEvent[];
  /** Everybody here, those just out of sight included. */
  current(): Person[];
  /** Which rules hold what back for this person; empty when nobody here has the id. */
  whyNot(personId: string): WhyNot[];
  /** How much is remembered: it returns to zero when everybody has left and the grace is over. */
  size(): { tracks: number; persons: number; departed: number };
}

export interface PeopleOptions {
  /** The host's monotonic clock, milliseconds: measures silence, never durations of persons. monotonicMs() by default. */
  readonly monoMs?: () => number;
  readonly wallMs?: () => number;
  readonly profile?: string;
  /** The same seed gives persons the same ids again; random unless given. */
  readonly idSeed?: string;
}

/** Why a camera counts as lost or restored. */
interface Said {
  readonly message: string;
  readonly rule: string;
}

/** Persons are counted apart for every camera; ids are unique over all of them. */
export function createPeople(config: Config, enveloper: Enveloper = createEnveloper(config.device), options: PeopleOptions = {}): People {
  const monoMs = options.monoMs ?? monotonicMs;
  const wallMs = options.wallMs ?? (() => Date.now());
  const context = { enveloper, profile: options.profile ?? 'demo', nextId: createPersonIds(options.idSeed) };
  const cameras = new Map<string, CameraPeople>(config.cameras.map((camera) => [camera.name, new CameraPeople(config, camera, context)]));

  const cameraOf = (name: string): CameraPeople => {
    let camera = cameras.get(name);
    if (!camera) {
      camera = new CameraPeople(config, { ...(Value.Default(CameraConfig, {}) as CameraConfig), name }, context);
      cameras.set(name, camera);
    }
    return camera;
  };

  const cameraEvent = (type: 'camera.lost' | 'camera.restored', camera: CameraPeople, said: Said, origin = camera.origin): MienEvent => {
    const moment = { camera: camera.name, subject: `camera/${camera.name}`, ...camera.moment(monoMs(), wallMs()) };
    const data = { why: { rule: said.rule, heldMs: 0, thresholds: {} }, camera: { name: camera.name, message: said.message } };
    return enveloper.envelope(type, moment, { ...(origin && { origin }), ...data });
  };

  /** A loss is told once, its end when the camera says so or a frame proves it. */
  const lose = (camera: CameraPeople, message: string, rule: 'camera.lost' | 'sight.lost'): MienEvent[] => {
    camera.blind(monoMs(), rule === 'sight.lost');
    if (camera.lost) return [];
    camera.lost = true;
    return [cameraEvent('camera.lost', camera, { message, rule })];
  };
  const restore = (camera: CameraPeople, said: Said, origin?: EventOrigin): MienEvent[] => {
    if (!camera.lost) return [];
    camera.lost = false;
    return [cameraEvent('camera.restored', camera, said, origin)];
  };

  return {
    observe(observation) {
      const camera = cameraOf(observation.camera);
      const said = { message: 'frames come again', rule: 'frame' };
      return [...restore(camera, said, eventOrigin(observation.origin, context.profile)), ...camera.observe(observation, monoMs())];
    },
    tick: (nowMonoMs = monoMs()) => [...cameras.values()].flatMap((camera) => camera.tick(nowMonoMs)),
    notice(notice) {
      switch (notice.type) {
        case 'camera.lost':
          return lose(cameraOf(notice.camera), notice.message, 'camera.lost');
        case 'camera.restored':
          return restore(cameraOf(notice.camera), { message: notice.message, rule: 'camera.restored' });
        case 'camera.ended':
          return cameraOf(notice.camera).end(monoMs());
        case 'sight.lost':
          return [...cameras.values()].flatMap((camera) => lose(camera, notice.message, 'sight.lost'));
        case 'sight.restored':
          return [];
        default:
          return [modelEvent(notice satisfies ModelNotice, { enveloper, profile: context.profile, capturedMonoMs: monoMs(), capturedWallMs: wallMs() })];
      }
    },
    current: () => [...cameras.values()].flatMap((camera) => camera.current(monoMs())),
    whyNot: (personId) => [...cameras.values()].flatMap((camera) => camera.whyNot(personId)),
    size() {
      const sum = { tracks: 0, persons: 0, departed: 0 };
      for (const { size } of cameras.values()) for (const key of ['tracks', 'persons', 'departed'] as const) sum[key] += size[key];
      return sum;
    },
  };
}
