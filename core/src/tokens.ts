/** Typed names of everything the container holds. A module that replaces a part binds one of these anew. */
import type { ServiceIdentifier } from 'inversify';
import type { Config } from './config.ts';
import type { Enveloper } from './enveloper.ts';
import type { EventBus } from './host/event-bus.ts';
import type { Plugins } from './host/plugins/plugins.ts';
import type { BackendChoice } from './inference/backends.ts';
import type { CoreScheduler } from './inference/core-scheduler.ts';
import type { ModelListener, ModelManager } from './inference/model-manager.ts';
import type { Logger } from './log.ts';
import type { People } from './people/people.ts';
import type { Steps } from './people/steps.ts';
import type { Aligner } from './sight/aligner.ts';
import type { Analyzer } from './sight/analyzer.ts';
import type { CameraOpener } from './sight/camera-opener.ts';
import type { Detector } from './sight/detector.ts';
import type { Feeds } from './sight/feeds.ts';
import type { Recognizer } from './sight/recognizer.ts';
import type { Sight } from './sight/sight.ts';

/** `once`: every camera plays to its end, each frame, and then Mien is done. */
export interface RunMode {
  readonly once: boolean;
  /** Folder of the configuration: packages of plugins are looked for from here upwards. */
  readonly baseFolder: string;
}

function token<T>(name: string): ServiceIdentifier<T> {
  return Symbol.for(`mien.${name}`);
}

/** In both processes. */
export const CONFIG = token<Config>('config');
export const LOGGER = token<Logger>('logger');

/** In the sight process. */
export const MODEL_LISTENER = token<ModelListener>('model-listener');
export const FEEDS = token<Feeds>('feeds');
export const CORE_SCHEDULER = token<CoreScheduler>('core-scheduler');
export const BACKEND = token<BackendChoice>('backend');
export const MODELS = token<ModelManager>('models');
export const ALIGNER = token<Aligner>('aligner');
export const DETECTOR = token<Detector>('detector');
export const RECOGNIZER = token<Recognizer>('recognizer');
export const ANALYZER = token<Analyzer>('analyzer');
export const CAMERAS = token<CameraOpener>('cameras');

/** In the host process. */
export const RUN_MODE = token<RunMode>('run-mode');
export const SIGHT = token<Sight>('sight');
export const STEPS = token<Steps>('steps');
export const ENVELOPER = token<Enveloper>('enveloper');
export const EVENT_BUS = token<EventBus>('event-bus');
export const PEOPLE = token<People>('people');
export const PLUGINS = token<Plugins>('plugins');
