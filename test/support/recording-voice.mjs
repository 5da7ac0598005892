// A voice that says nothing: it notes the text, a JSON line each, and writes a WAV of 60 ms of silence. `node recording-voice.mjs <log file> <text> <wav file>`
import { appendFileSync, writeFileSync } from 'node:fs';

const [log, text, out] = process.argv.slice(2);
const rateHz = 16_000;
const samples = Buffer.alloc(2 * 0.06 * rateHz);
const header = Buffer.alloc(44);
header.write('RIFF', 0);
header.writeUInt32LE(36 + samples.length, 4);
header.write('WAVEfmt ', 8);
header.writeUInt32LE(16, 16);
header.writeUInt16LE(1, 20);
header.writeUInt16LE(1, 22);
header.writeUInt32LE(rateHz, 24);
header.writeUInt32LE(2 * rateHz, 28);
header.writeUInt16LE(2, 32);
header.writeUInt16LE(16, 34);
header.write('data', 36);
header.writeUInt32LE(samples.length, 40);
appendFileSync(log, `${JSON.stringify(text)}\n`);
writeFileSync(out, Buffer.concat([header, samples]));
