"""How far a step has come, on one line of the terminal that rewrites itself."""

import shutil
import sys
import time

from registry.imports.progress import in_words
from registry.models import ImportRun

EVERY_SECONDS = 0.2


class Line:
    """Told by a step after every chunk. Only on a terminal: elsewhere nothing is printed. Used as a context, it ends its line."""

    def __init__(self, stream=None):
        self.stream = stream or sys.stderr
        self.since, self.before, self.shown_at, self.width = None, 0, 0.0, 0

    def __call__(self, run, done):
        now = time.monotonic()
        if self.since is None:
            self.since, self.before = now, done
        if not self.stream.isatty() or (now - self.shown_at < EVERY_SECONDS and done < run.rows_expected):
            return
        people = run.state == ImportRun.State.UNDOING
        text = in_words(done, run.rows_expected, now - self.since, before=self.before, people=people)
        text = text[: shutil.get_terminal_size().columns - 1]
        print("\r" + text.ljust(self.width), end="", file=self.stream, flush=True)
        self.shown_at, self.width = now, len(text)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if self.width:
            print(file=self.stream)
