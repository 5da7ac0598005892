/** What of a person decides about content. Gender does not: the field is not even asked for. */
import { type GrantedPerson, known } from '@mien/core/plugin';
import type { Viewer } from './audience.ts';

export type SeenPerson = GrantedPerson<'person.presence', 'person.age' | 'person.attention' | 'person.position' | 'person.expression'>;

/** An age counts once it has settled, so that nobody is taken for two in a row. */
export function viewerOf({ id, age, attention, engagement, zone, expression }: SeenPerson): Viewer {
  const read = known(age);
  const shown = known(expression);
  return {
    id,
    ...(read?.stable && { age: { years: read.years, band: read.band } }),
    ...(attention && { attention: attention.state }),
    ...(engagement !== undefined && { engagement }),
    ...(zone !== undefined && { zone }),
    ...(shown && { expression: shown.label }),
  };
}
