/** Loaded before a plugin process by `mien plugin test`: on SIGUSR2 it tells, on standard error, what keeps the process alive. */
import { LEFTOVERS_MARK } from './leftovers-mark.ts';

process.on('SIGUSR2', () => {
  process.stderr.write(`${LEFTOVERS_MARK}${JSON.stringify(process.getActiveResourcesInfo())}\n`);
});
