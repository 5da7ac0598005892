// Counts visits, and sends each to a server that may be away for days. Try it among virtual people, from the repository's root; stop with Ctrl-C:
//   npx mien simulate --config examples/plugins/kiosk-log.yaml
// What is kept and sent: how long somebody stayed and looked. No id, no age, no gender: a log of visits has no use for them.
import { definePlugin, Type } from '@mien/core/plugin';

interface Day {
  date: string;
  visits: number;
  lookedMs: number;
}

export default definePlugin({
  name: 'kiosk-log',
  apiVersion: 1,
  description: 'Counts the visits of each day, and reports them to a server.',
  needs: ['person.presence', 'person.attention'],
  options: Type.Object({
    url: Type.String({ default: '', description: 'each visit is posted there as JSON; empty: it is written into the log' }),
    timeoutMs: Type.Integer({ default: 5000, minimum: 100, description: 'an answer that takes longer has failed, and is tried again' }),
  }),
  async setup(context, { url, timeoutMs }) {
    const today = (): string => new Date().toISOString().slice(0, 10);
    const fresh = (): Day => ({ date: today(), visits: 0, lookedMs: 0 });
    let day = (await context.store.get<Day>('day')) ?? fresh();

    context.on('person.left', ({ session }) => {
      if (day.date !== today()) day = fresh();
      day.visits += 1;
      day.lookedMs += session.attentionMs;
      return context.store.set('day', day);
    });

    // On disk until the server has taken it, in order, also over a restart. The id of the event lets the server see what comes twice.
    context.outbox(
      ['person.left'],
      async ({ id, time, data }, { signal }) => {
        const { dwellMs, attentionMs, looks } = data.session;
        const visit = { id, time, stayedMs: dwellMs, lookedMs: attentionMs, looks };
        if (url === '') return context.log.info(visit, 'a visit is over');
        const answer = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(visit),
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        });
        await answer.body?.cancel();
        if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
      },
      { maxEvents: 5000 },
    );

    context.command('kiosk-log.today', Type.Object({}), () => (day.date === today() ? day : fresh()));
  },
});
