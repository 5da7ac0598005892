// `npm run docs`: writes docs/reference from the schemas and limits in core/src, which Node reads as they are (22.18 or newer).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventsPage } from './lib/docs/events-page.mjs';
import { pluginPage } from './lib/docs/plugin-page.mjs';
import { configPage, scenarioPage } from './lib/docs/settings-pages.mjs';
import { isNewEnough } from './lib/node.mjs';
import { giveUp } from './lib/say.mjs';

const core = new URL('../core/src/', import.meta.url);
export const referenceFolder = fileURLToPath(new URL('../docs/reference/', import.meta.url));

/** Text of each page by its file name. */
export async function referencePages() {
  const from = (path) => import(new URL(path, core).href);
  const events = await from('events.ts');
  const { PluginStatus, CommandInfo } = await from('host/plugins/plugin-status.ts');
  const { pluginLimits } = await from('host/plugins/plugin-limits.ts');
  const { feedLimits } = await from('host/plugins/feed.ts');
  const { changeLimits: changes } = await from('host/plugins/attached-run.ts');
  const { callLimits } = await from('host/plugins/exchange-member.ts');
  const { verdictDeadlineMs } = await from('host/plugins/event-gate.ts');
  const { LINES_PER_SECOND: linesPerSecond } = await from('host/plugins/process-output.ts');
  const { MAX_EXTRA_BYTES } = await from('plugin-runtime/hooks.ts');
  const { MAX_STORE_BYTES } = await from('plugin-runtime/store.ts');
  const { MAX_LINE_BYTES } = await from('plugin-runtime/channel.ts');
  const { ringCapacity } = await from('host/event-bus.ts');
  const source = readFileSync(new URL('plugin.ts', core), 'utf8');
  const bytes = { extra: MAX_EXTRA_BYTES, store: MAX_STORE_BYTES, line: MAX_LINE_BYTES };
  const limits = { pluginLimits, feedLimits, callLimits, verdictDeadlineMs, linesPerSecond, ringCapacity, changes, bytes };
  const grants = JSON.stringify(events.Grant.enum);
  const grantsIn = (page) => (schema) => (JSON.stringify(schema.enum) === grants ? `[grant](${page}#grants)` : undefined);
  const pages = {
    'events.md': eventsPage(events),
    'config.md': configPage({ ...(await from('config.ts')), grantsIn }),
    'scenario.md': scenarioPage(await from('simulate/scenario.ts')),
    'plugin-api.md': pluginPage({ ...events, PluginStatus, CommandInfo, limits, source, grantsIn }),
  };
  const notice = '<!-- Made by `npm run docs` from core/src: change it there. -->\n\n';
  return Object.fromEntries(Object.entries(pages).map(([name, text]) => [name, notice + text]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!isNewEnough(process.versions.node))
    giveUp(`npm run docs needs Node 22.18 or newer, this is ${process.versions.node}; npm run setup brings one in .mien/node/bin`);
  mkdirSync(referenceFolder, { recursive: true });
  for (const [name, text] of Object.entries(await referencePages())) writeFileSync(join(referenceFolder, name), text);
}
