// A sight process that dies before it is ready at every start but the first and those from the fifth on. Each start leaves a line in the
// file that MIEN_TEST_STARTS names.
import { appendFileSync, readFileSync } from 'node:fs';

const file = process.env.MIEN_TEST_STARTS;
appendFileSync(file, `${Date.now()}\n`);
const starts = readFileSync(file, 'utf8').trim().split('\n').length;
if (starts > 1 && starts < 5) process.exit(7);
await import('../../core/src/sight/process.ts');
