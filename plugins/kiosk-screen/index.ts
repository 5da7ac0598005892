/** kiosk-screen: a page that a kiosk browser shows full screen, with content chosen by who stands before it. */
import { definePlugin, MienError, Type } from '@mien/core/plugin';
import { createAccess } from './access.ts';
import { Audience } from './audience.ts';
import { folderOf, itemFault, listItems, versionOf } from './content.ts';
import { createContentHook } from './content-hook.ts';
import { Director } from './director.ts';
import { Options } from './options.ts';
import { type Play, PlayLog } from './play-log.ts';
import { neverShown, optionFaults, unknownZones } from './rule-faults.ts';
import { Screens } from './screens.ts';
import { openServer } from './server.ts';
import { viewerOf } from './viewer.ts';

/** Rules also change with the hour, and when nothing comes any more. */
const decideEveryMs = 250;
const followEveryMs = 100;
const writeEveryMs = 60_000;

export default definePlugin({
  name: 'kiosk-screen',
  apiVersion: 1,
  description: 'Serves a full-screen page whose content depends on who stands before it, and keeps a log of what was shown.',
  needs: ['person.presence'],
  wants: ['person.age', 'person.attention', 'person.position', 'person.expression', 'device.health'],
  options: Options,
  checkOptions: optionFaults,
  async setup(context, options) {
    const { log, store } = context;
    const folder = folderOf(options.folder);
    const all = listItems(folder);
    const warnings = neverShown(options.rules, context.grants);
    for (const warning of warnings) log.warn({}, `${warning}: it is never shown`);

    const audience = new Audience(options.staleS * 1000);
    const director = new Director(options.playlist.length > 0 ? options.playlist : all, options.rules);
    const played = new PlayLog(options.playedKept, createContentHook(context), await store.get<Play[]>('played'));
    const { itemS, minShowS, fadeMs, banner } = options;
    const setup = { version: versionOf(folder, all), loop: director.loop, itemS, minShowS, fadeMs, banner };
    const screens = new Screens(setup, director.program, (screen, lastMs) => played.close(screen, lastMs));
    context.defer(() => screens[Symbol.dispose]());

    let written = played.changes;
    const write = async (): Promise<void> => {
      if (written === played.changes) return;
      written = played.changes;
      await store.set('played', played.plays);
    };
    context.defer(write);

    const server = await openServer({
      ...{ screens, folder, host: options.host, port: options.port },
      access: createAccess(options.host, options.token),
      plays: () => played.plays,
      report: (screen, reports) => {
        const nowWallMs = Date.now();
        for (const report of reports) {
          if (played.take(screen, report, nowWallMs)) log.warn({ item: report.item, reason: report.reason }, 'a screen could not show an item: it is left out');
        }
      },
    });
    context.defer(() => server[Symbol.asyncDispose]());
    log.info({ url: server.url }, `the screen is at ${server.url}`);

    let sight = audience.sight(performance.now());
    const decide = (): void => {
      const nowMs = performance.now();
      const before = sight.state;
      sight = audience.sight(nowMs);
      if (sight.state !== before && sight.state !== 'seeing') log.warn({ reason: sight.reason }, 'nothing is seen: the default loop is shown');
      if (director.decide({ viewers: audience.viewers(nowMs), sight, nowMs, wall: new Date() })) screens.play(director.program);
    };
    const deciding = setInterval(decide, decideEveryMs);
    const writing = setInterval(() => void write().catch((fault) => log.warn({ err: fault }, 'what was played could not be written')), writeEveryMs);
    context.defer(() => {
      clearInterval(deciding);
      clearInterval(writing);
    });

    context.onPeople(
      (people, camera) => {
        audience.see(camera, people.map(viewerOf), performance.now());
        decide();
      },
      { everyMs: followEveryMs },
    );
    context.on('camera.lost', ({ camera }) => {
      audience.lose(camera.name, camera.message);
      decide();
    });
    context.on('camera.restored', ({ camera }) => audience.restore(camera.name));
    // A visit's totals name every zone of its camera: only then is it known which there are.
    let zonesTold = false;
    context.on('person.left', ({ session: { zones } }) => {
      if (zonesTold || !zones) return;
      zonesTold = true;
      for (const warning of unknownZones(options.rules, Object.keys(zones))) {
        warnings.push(warning);
        log.warn({}, warning);
      }
    });
    let degraded: string | undefined;
    context.on('backend.degraded', ({ reason }) => {
      degraded = reason;
    });
    context.on('backend.recovered', () => {
      degraded = undefined;
    });

    const Show = Type.Object({
      item: Type.String({ minLength: 1, maxLength: 200, description: 'path in the folder' }),
      forS: Type.Optional(Type.Number({ minimum: 0.1, maximum: 86_400, description: 'seconds, 30 when absent; then the rules decide again' })),
    });
    context.command(`${context.name}.show`, Show, ({ item, forS = 30 }) => {
      const fault = itemFault('item', item, options.folder, listItems(folder));
      if (fault) throw new MienError('REQUEST_INVALID', fault);
      director.show(item, performance.now() + forS * 1000);
      decide();
      return { item, forS };
    });
    context.command(`${context.name}.status`, Type.Object({}), () => ({
      ...{ url: server.url, screens: screens.names, sight, warnings },
      ...(degraded !== undefined && { degraded }),
      rules: [...new Set(director.program.items.map(({ rule }) => rule))],
      showing: played.showing,
      failed: Object.fromEntries(played.faults),
    }));
    const Newest = Type.Object({ newest: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'so many plays at most, 100 when absent' })) });
    context.command(`${context.name}.played`, Newest, ({ newest = 100 }) => ({ plays: played.plays.slice(-newest) }));
  },
});
