/** Tells `content.begin` and `content.end` of another plugin what a screen shows, where there is one. */
import type { PluginContext } from '@mien/core/plugin';
import type { Play, PlayHook } from './play-log.ts';

/** Nobody offers the command: it is not asked again for so long. */
const unknownForMs = 60_000;
/** Screens show one thing at a time: more at once is a flood of reports, which is not passed on. */
const mostUnderWay = 8;

export function createContentHook({ run, log }: Pick<PluginContext, 'run' | 'log'>): PlayHook {
  let absentUntilMs = -Infinity;
  let underWay = 0;
  const tell = async (command: string, { item, rule }: Play): Promise<void> => {
    if (performance.now() < absentUntilMs || underWay >= mostUnderWay) return;
    underWay += 1;
    try {
      await run(command, { contentId: item, variant: rule });
    } catch (fault) {
      if ((fault as { code?: unknown }).code === 'COMMAND_UNKNOWN') absentUntilMs = performance.now() + unknownForMs;
      else log.debug({ command, item, reason: String(fault) }, 'a command that was told of a play refused it');
    } finally {
      underWay -= 1;
    }
  };
  return { begin: (play) => void tell('content.begin', play), end: (play) => void tell('content.end', play) };
}
