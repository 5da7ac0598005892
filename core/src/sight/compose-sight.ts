import { decodeStill } from '../camera/still.ts';
import type { Config } from '../config.ts';
import { createContainer } from '../container.ts';
import type { ModelListener } from '../inference/model-manager.ts';
import { RunQueue } from '../inference/run-queue.ts';
import type { Logger } from '../log.ts';
import * as T from '../tokens.ts';
import { annotate } from './annotate.ts';
import type { Feeds } from './feeds.ts';
import type { SightParts } from './sight-core.ts';

/** Sight out of the container's parts, for the child process and for tools that run it in their own. `withoutNpu`: why `auto` takes the CPU. */
export function composeSight(config: Config, feeds: Feeds, logger: Logger, withoutNpu?: string): (listener: ModelListener) => Promise<SightParts> {
  return async (listener) => {
    const container = await createContainer('sight', config, logger);
    container.bind(T.MODEL_LISTENER).toConstantValue(listener);
    container.bind(T.FEEDS).toConstantValue(feeds);
    if (withoutNpu !== undefined && config.model.backend === 'auto') {
      const { chooseBackend } = await import('../inference/backends.ts');
      (await container.rebind(T.BACKEND)).toConstantValue(await chooseBackend('auto', { withoutNpu }));
    }
    const analyzer = await container.getAsync(T.ANALYZER);
    // One after the other: a decoded picture may take 300 MB, and several at once would all come too late.
    const stills = new RunQueue('stills');
    return {
      models: await container.getAsync(T.MODELS),
      stages: { detector: await container.getAsync(T.DETECTOR), recognizer: await container.getAsync(T.RECOGNIZER) },
      cameras: await container.getAsync(T.CAMERAS),
      analyze: (image, options, signal) =>
        stills.run(async () => {
          const still = await decodeStill(image);
          const analysis = await analyzer.analyze(still, options, signal);
          if (!options.annotate) return analysis;
          return { ...analysis, annotated: await annotate(still.pixels, analysis.faces, options.annotate) };
        }, signal),
    };
  };
}
