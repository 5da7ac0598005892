"""What a run tells: JSON lines for programs, a progress bar for people at a terminal, plain lines in a log."""

import json
import sys
import time
from pathlib import Path

BAR = 24


class Journal:
    """Appends to `path`, one JSON object per line; `time` is added in seconds since 1970."""

    def __init__(self, path: Path, stream=sys.stderr):
        self.path = path
        self.stream = stream

    def write(self, kind: str, **values) -> None:
        """One line; floats to 5 digits."""
        values = {name: round(value, 5) if isinstance(value, float) else value for name, value in values.items()}
        with open(self.path, "a") as file:
            file.write(json.dumps({"time": round(time.time(), 1), "kind": kind, **values}) + "\n")

    def progress(self, title: str, done: int, of: int, note: str = "") -> None:
        """A bar that redraws itself on a terminal; elsewhere a line now and then is left to `say`."""
        if self.stream.isatty():
            filled = BAR * done // of
            self.stream.write(f"\r{title} [{'#' * filled}{'.' * (BAR - filled)}] {done}/{of} {note}\x1b[K")
            if done == of:
                self.stream.write("\n")
            self.stream.flush()

    def say(self, text: str) -> None:
        """A line for people."""
        self.stream.write(text + "\n")
        self.stream.flush()
