// A player that is heard by nobody: it "plays" the WAV on its standard input for as long as that lasts, and writes down, a JSON line each, when the
// first bytes came and when it was done. `node recording-player.mjs <log file> [least milliseconds]`
import { appendFileSync } from 'node:fs';

const [log, leastMs = '0'] = process.argv.slice(2);
const note = (what, more = {}) =>
  appendFileSync(log, `${JSON.stringify({ what, pid: process.pid, atWallMs: performance.timeOrigin + performance.now(), ...more })}\n`);
const chunks = [];
process.stdin.on('data', (chunk) => {
  if (chunks.length === 0) note('first');
  chunks.push(chunk);
});
process.stdin.on('end', () => {
  const wav = Buffer.concat(chunks);
  const durationMs = wav.length > 44 ? ((wav.length - 44) / wav.readUInt32LE(28)) * 1000 : 0;
  note('heard', { bytes: wav.length, durationMs });
  setTimeout(() => note('done'), Math.max(durationMs, Number(leastMs)));
});
