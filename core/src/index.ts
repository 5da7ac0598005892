/** @mien/core: see who stands before the device, as events. `createMien` runs everything; tokens and modules replace parts. */
export type { CameraConfig, Config } from './config.ts';
export { ContainerModule } from './container.ts';
export { createLogger } from './create-logger.ts';
export { type ErrorCode, MienError } from './errors.ts';
export type { EventName, EventOf, MienEvent, Person } from './events.ts';
export { eventName } from './events.ts';
export { formatEvent } from './events-text.ts';
export type { EventBus } from './host/event-bus.ts';
export type { InferenceBackend, Session } from './inference/backend.ts';
export type { ModelManifest } from './inference/model-manifest.ts';
export { checkConfig, loadConfig } from './load-config.ts';
export type { Logger } from './log.ts';
export { createMien, type Mien, type MienOptions } from './mien.ts';
export type { Observation } from './observation.ts';
export type { People } from './people/people.ts';
export { Scope } from './scope.ts';
export type { Analysis, ModelStatus, Models, Sight } from './sight/sight.ts';
export * as tokens from './tokens.ts';
