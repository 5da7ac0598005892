// Set-up speaks on stderr only: stdout belongs to the program that runs afterwards.
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Prints a plain sentence and ends the process: for what a person must do themselves. */
export function giveUp(text) {
  say(`\nmien set-up: ${text}`);
  process.exit(1);
}
