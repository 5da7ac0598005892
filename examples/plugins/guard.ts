// Holds back who only passes by: others hear of a person from when they came near. Try it among virtual people, from the repository's root; Ctrl-C stops:
//   npx mien simulate examples/scenarios/queue.yaml --config examples/plugins/guard.yaml
import { definePlugin, Type } from '@mien/core/plugin';

/** Every event about a person: what one of them tells, the others must not. */
const events = ['person.appeared', 'person.updated', 'person.left', 'emotion.changed', 'attention.started', 'attention.ended'] as const;

export default definePlugin({
  name: 'guard',
  apiVersion: 1,
  description: 'Tells nobody of people who only pass by.',
  // Distance would do to judge. But events about expressions and attention come to nobody without these grants, and are not asked about either.
  needs: ['person.presence', 'person.position', 'person.expression', 'person.attention'],
  options: Type.Object({
    withinM: Type.Number({ default: 1.5, exclusiveMinimum: 0, description: 'metres: whoever came this near is told of' }),
  }),
  setup(context, { withinM }) {
    const near = new Set<string>();
    for (const name of events) {
      context.beforeEmit(name, ({ person }) => {
        const isKnown = near.has(person.id);
        if (name === 'person.left') near.delete(person.id);
        if (isKnown) return undefined; // as it is
        if (name === 'person.left' || person.distance.m > withinM) return false; // to nobody
        near.add(person.id);
        return { arrived: true }; // others find it as data.extra.guard: this is the first that they hear of the person
      });
    }
  },
});
