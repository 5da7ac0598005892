/** The plugin of `mien bench --plugins`: follows everybody, and notes how old each event is when its handler is called. */
import { definePlugin, Type } from '../plugin.ts';

const names = ['person.appeared', 'person.updated', 'person.left', 'emotion.changed', 'attention.started', 'attention.ended'] as const;

/** What its command answers. */
export interface Probed {
  /** Milliseconds from the observation to the handler, one a delivered event. */
  readonly latenciesMs: readonly number[];
  /** Snapshots of everybody since the last reading. */
  readonly snapshots: number;
}

/** The boot's monotonic clock, the same in every process. */
const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

export default definePlugin({
  name: 'probe',
  apiVersion: 1,
  description: 'Measures the way of events.',
  needs: ['person.presence', 'person.age', 'person.gender', 'person.expression', 'person.attention', 'person.position'],
  setup(context) {
    let latenciesMs: number[] = [];
    let snapshots = 0;
    for (const name of names) context.on(name, ({ clock }) => latenciesMs.push(monotonicMs() - clock.capturedMonoMs));
    context.onPeople(() => {
      snapshots += 1;
    });
    context.command(`${context.name}.read`, Type.Object({}), () => {
      const probed: Probed = { latenciesMs: latenciesMs.map((ms) => Math.round(ms * 1000) / 1000), snapshots };
      latenciesMs = [];
      snapshots = 0;
      return probed;
    });
  },
});
