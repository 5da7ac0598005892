// Greets everybody once, when their attributes have settled. Start Mien first (npm start), then: node examples/greet.mjs
// Another address or a token: MIEN_URL, MIEN_TOKEN. Stop with Ctrl-C.
import { createClient } from '@mien/core/client';

const mien = createClient({ url: process.env.MIEN_URL ?? 'http://127.0.0.1:7430', token: process.env.MIEN_TOKEN });

for await (const event of mien.events({ types: ['person.updated', 'person.left'] })) {
  const { person } = event.data;
  if (event.type === 'mien.person.left.v1') {
    console.log(`${person.id}: good bye, after ${Math.round(event.data.session.dwellMs / 1000)} s`);
  } else if (event.data.settled.includes('age') && 'band' in person.age) {
    console.log(`${person.id}: hello! I take you for somebody of ${person.age.band}.`);
  }
}
