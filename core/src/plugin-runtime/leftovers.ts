/** Loaded before a plugin process by `mien plugin test`: on SIGUSR2 it tells, on standard error, what keeps the process alive. */
import { LEFTOVERS_MARK } from './leftovers-mark.ts';

// Opened at their first use, which any `pipe` of a stream is: that is nothing the plugin leaves behind.
void process.stdout;
void process.stderr;

process.on('SIGUSR2', () => {
  process.stderr.write(`${LEFTOVERS_MARK}${JSON.stringify(process.getActiveResourcesInfo())}\n`);
});
