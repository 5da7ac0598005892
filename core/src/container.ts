/**
 * What Mien is made of: the only file that imports inversify's values. Two modules, one a process: a container cannot cross
 * a process, and each loads only what its process needs. Resources are not disposed by the container but by the Scope of
 * whoever opened them.
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Container, ContainerModule } from 'inversify';
import type { Config } from './config.ts';
import { MienError } from './errors.ts';
import type { Logger } from './log.ts';
import * as T from './tokens.ts';

export { ContainerModule } from 'inversify';

/** Parts of the sight process. Needs CONFIG, LOGGER, MODEL_LISTENER and FEEDS. */
export const sightModule = new ContainerModule(async ({ bind }) => {
  const [
    { chooseBackend },
    { createCoreScheduler },
    { bundledRelease },
    { createModelManager },
    { createAligner },
    { createDetector },
    { createRecognizer },
    { createAnalyzer },
    { createCameraOpener },
  ] = await Promise.all([
    import('./inference/backends.ts'),
    import('./inference/core-scheduler.ts'),
    import('./inference/manifest-file.ts'),
    import('./inference/model-manager.ts'),
    import('./sight/aligner.ts'),
    import('./sight/detector.ts'),
    import('./sight/recognizer.ts'),
    import('./sight/analyzer.ts'),
    import('./sight/camera-opener.ts'),
  ]);
  bind(T.CORE_SCHEDULER).toResolvedValue(() => createCoreScheduler());
  bind(T.BACKEND).toResolvedValue(
    ({ model, npu }, scheduler) => {
      const release = model.release ?? bundledRelease();
      return chooseBackend(model.backend, { npu, scheduler, releases: [release, model.detectorRelease ?? release] });
    },
    [T.CONFIG, T.CORE_SCHEDULER],
  );
  bind(T.MODELS).toResolvedValue(
    ({ model }, backend, listener) =>
      createModelManager(
        {
          release: model.release ?? bundledRelease(),
          detectorRelease: model.detectorRelease,
          precision: model.precision,
          detector: model.detector,
          threads: model.threads,
        },
        backend,
        listener,
      ),
    [T.CONFIG, T.BACKEND, T.MODEL_LISTENER],
  );
  bind(T.ALIGNER).toResolvedValue(createAligner);
  bind(T.DETECTOR).toResolvedValue(createDetector, [T.MODELS]);
  bind(T.RECOGNIZER).toResolvedValue(createRecognizer, [T.MODELS, T.ALIGNER]);
  bind(T.ANALYZER).toResolvedValue(createAnalyzer, [T.DETECTOR, T.RECOGNIZER, T.CONFIG]);
  bind(T.CAMERAS).toResolvedValue(createCameraOpener, [T.FEEDS]);
});

/** Parts of the host process. Needs CONFIG, LOGGER and RUN_MODE. */
export const hostModule = new ContainerModule(async ({ bind }) => {
  const [
    { createEnveloper },
    { createEventBus },
    { createPluginHost },
    { createPeople },
    { createSteps, steppedEnveloper, steppedPeople },
    { newSession },
    { createSightClient },
  ] = await Promise.all([
    import('./enveloper.ts'),
    import('./host/event-bus.ts'),
    import('./host/plugins/plugin-host.ts'),
    import('./people/people.ts'),
    import('./people/steps.ts'),
    import('./session.ts'),
    import('./sight/sight-client.ts'),
  ]);
  bind(T.EVENT_BUS).toResolvedValue((logger) => createEventBus({ logger }), [T.LOGGER]);
  bind(T.STEPS).toResolvedValue(() => createSteps(newSession()));
  bind(T.ENVELOPER).toResolvedValue(
    ({ device }, steps) => steppedEnveloper(createEnveloper(device, { bootId: steps.session.bootId, monoMs: steps.clock.monoMs }), steps),
    [T.CONFIG, T.STEPS],
  );
  bind(T.PEOPLE).toResolvedValue(
    (config, enveloper, steps) => steppedPeople(createPeople(config, enveloper, { ...steps.clock, idSeed: steps.session.idSeed }), steps),
    [T.CONFIG, T.ENVELOPER, T.STEPS],
  );
  bind(T.SIGHT).toResolvedValue(createSightClient, [T.CONFIG, T.LOGGER, T.RUN_MODE]);
  bind(T.PLUGINS).toResolvedValue(
    (config, logger, enveloper, bus, people, sight, { baseFolder }) => createPluginHost({ config, logger, enveloper, bus, people, sight, baseFolder }),
    [T.CONFIG, T.LOGGER, T.ENVELOPER, T.EVENT_BUS, T.PEOPLE, T.SIGHT, T.RUN_MODE],
  );
});

/** A container with the parts of one process, and those of `config.modules` in their place. Errors: CONFIG_INVALID. */
export async function createContainer(side: 'sight' | 'host', config: Config, logger: Logger): Promise<Container> {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(T.CONFIG).toConstantValue(config);
  container.bind(T.LOGGER).toConstantValue(logger);
  await container.loadAsync(side === 'sight' ? sightModule : hostModule);
  for (const path of config.modules) {
    const module = await loadModule(path, side);
    if (module) await container.loadAsync(module);
  }
  return container;
}

async function loadModule(path: string, side: 'sight' | 'host'): Promise<ContainerModule | undefined> {
  let exported: Partial<Record<'sight' | 'host', unknown>>;
  try {
    exported = await import(pathToFileURL(resolve(path)).href);
  } catch (cause) {
    throw new MienError('CONFIG_INVALID', `modules: ${path} could not be loaded: ${(cause as Error).message}`, { cause });
  }
  if (!exported.sight && !exported.host) {
    throw new MienError('CONFIG_INVALID', `modules: ${path} exports neither "sight" nor "host"; expected ContainerModules under these names`);
  }
  return exported[side] as ContainerModule | undefined;
}
