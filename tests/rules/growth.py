"""How work grows with the text it is given. How long it takes is the machine's; how it grows is not."""

import gc
import time

LETTERS, ROUNDS = 1_000, 3
# Ten times the letters are ten times the work; each held against all others, they are a hundred times.
EVEN = 30


def growth(work, before, part, after="", *, letters=LETTERS):
    """How many times the work a text of ten times the letters is: of several times the least, without collections of garbage."""
    texts = [before + part * (many // len(part)) + after for many in (letters, 10 * letters)]
    for text in texts:
        work(text)
    gc.disable()
    try:
        little, much = (min(seconds(work, text) for _round in range(ROUNDS)) for text in texts)
    finally:
        gc.enable()
    return much / little


def seconds(work, text):
    """Of this thread: what other processes do meanwhile does not count."""
    began = time.thread_time()
    work(text)
    return time.thread_time() - began
