// Provides a service: what other plugins want to be said. This one writes it into the log; one with a loudspeaker would offer the same.
// See speaking-greeter.ts, which uses it, for how to try the two.
import { definePlugin } from '@mien/core/plugin';

// What the service is, for everybody who imports a type of this file.
declare module '@mien/core/plugin' {
  interface Services {
    speech: {
      /** Resolves when it has been said, with how many words were said since the start. */
      say(text: string): Promise<number>;
    };
  }
}

export default definePlugin({
  name: 'speech-console',
  apiVersion: 1,
  description: 'Says things by writing them into the log.',
  provides: ['speech'],
  setup(context) {
    let words = 0;
    context.provide('speech', {
      async say(text) {
        words += text.split(/\s+/).filter(Boolean).length;
        context.log.info({ words }, `says: ${text}`);
        return words;
      },
    });
  },
});
