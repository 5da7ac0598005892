// Greets everybody once, by apparent age. Try it among virtual people, from the repository's root; stop with Ctrl-C:
//   npx mien simulate --config examples/plugins/mien.yaml
import { definePlugin, known, Type } from '@mien/core/plugin';

export default definePlugin({
  name: 'greeter',
  apiVersion: 1,
  description: 'Greets people by their apparent age.',
  // What it may see. A field of another grant is not there: not in the types, and not when it runs.
  needs: ['person.presence', 'person.age'],
  options: Type.Object({
    young: Type.String({ default: 'Hi!', description: 'said to somebody who looks younger than 25' }),
    adult: Type.String({ default: 'Good day.', description: 'said to most' }),
    senior: Type.String({ default: 'A very good day to you.', description: 'said to somebody who looks 65 or older' }),
  }),
  setup(context, { young, adult, senior }) {
    let greeted = 0;
    const greet = (band: string) => {
      greeted += 1;
      const words = Number.parseInt(band, 10) < 25 ? young : band === '65+' ? senior : adult;
      context.log.info({ band, greeted }, words);
      return { words, greeted };
    };

    // An age settles once a person: the moment to greet.
    context.on('person.updated', ({ person, settled }) => {
      const age = known(person.age);
      if (age && settled.includes('age')) greet(age.band);
    });
    context.command('greeter.greet', Type.Object({ band: Type.String({ default: '25-34' }) }), ({ band }) => greet(band));
  },
});
