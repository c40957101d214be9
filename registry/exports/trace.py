"""Marks on the rows of an export: a leaked row names the export it came from, and one that was altered says so.

A mark is eight letters that every row of the export bears, and twelve digits that bind the cells of this row. Both are made
with the export's salt: who does not have it cannot make one, and sees in two exports of the same row nothing in common. It
begins with letters, so that no spreadsheet takes it for a number.
"""

import hashlib
import re

TRACE = "trace"
TAG_LETTERS, SEAL_DIGITS = 8, 12
LETTERS = str.maketrans("0123456789abcdef", "bcdfghjklmnpqrst")
MARK = re.compile(f"[b-df-hj-np-t]{{{TAG_LETTERS}}}[0-9a-f]{{{SEAL_DIGITS}}}")
BETWEEN = "\0"
BOUND_LETTERS = 16_000


class Marks:
    """Makes the marks of the export run of that salt."""

    def __init__(self, salt):
        key = bytes(salt)
        self.tag = hashlib.blake2b(key=key, digest_size=TAG_LETTERS // 2, person=b"PDR1 export").hexdigest()
        self.tag = self.tag.translate(LETTERS)
        self._seal = hashlib.blake2b(key=key, digest_size=SEAL_DIGITS // 2, person=b"PDR1 row")

    def __call__(self, cells) -> str:
        """The mark of a row; `cells` are those before it, with the apostrophe of a formula or without."""
        return self.after(())(texts(cells))

    def after(self, begin):
        """Makes the marks of rows that all begin with these cells, out of the texts of the others."""
        begun, tag = self._seal.copy(), self.tag
        begun.update(bound(texts(begin)))

        def mark(cells):
            seal = begun.copy()
            seal.update(bound(cells))
            return tag + seal.hexdigest()

        return mark


def texts(cells):
    return ["" if cell is None else str(cell) for cell in cells]


def bound(cells) -> bytes:
    """What is bound of cells: all but blanks and apostrophes, which spreadsheets and our own escaping add and take away, and of a long
    text as much as a cell of a spreadsheet surely holds.
    """
    text = "".join(f"{BETWEEN.join(cells)}{BETWEEN if cells else ''}".split()).replace("'", "")
    if len(text) > BOUND_LETTERS:
        text = "".join(cell[:BOUND_LETTERS] + BETWEEN for cell in text.split(BETWEEN)[:-1])
    return text.encode("utf-8", "surrogatepass")


def is_mark(text):
    return MARK.fullmatch(text) is not None
