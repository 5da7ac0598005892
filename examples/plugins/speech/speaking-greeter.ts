// Uses the service of another plugin. Try the two among virtual people, from the repository's root; stop with Ctrl-C:
//   npx mien simulate --config examples/plugins/speech/mien.yaml
import { definePlugin, MienError } from '@mien/core/plugin';
import type {} from './speech-console.ts'; // the types of its service; nothing of it is run here

export default definePlugin({
  name: 'speaking-greeter',
  apiVersion: 1,
  description: 'Says hello to whoever looks at the device.',
  needs: ['person.presence', 'person.attention'],
  // Its plugin starts first; where no plugin provides it, this one is not started, and its status says why.
  uses: ['speech'],
  setup(context) {
    const speech = context.service('speech');
    const greeted = new Set<string>();
    context.on('attention.started', async ({ person }) => {
      if (greeted.has(person.id)) return;
      greeted.add(person.id);
      try {
        await speech.say('Hello, can I help you?');
      } catch (fault) {
        // Its plugin may be down for a moment: nothing to fail over.
        if (!(fault instanceof MienError) || fault.code !== 'SERVICE_UNAVAILABLE') throw fault;
        context.log.warn({ fault: fault.message }, 'nothing was said');
      }
    });
    context.on('person.left', ({ person }) => greeted.delete(person.id));
  },
});
