"""Marks on the rows of an export: a leaked row names the export it came from, and one that was altered says so.

A mark is twenty letters: eight that every row of the export bears and twelve that bind the cells of this row. Both are made
with the export's salt: who does not have it cannot make one, and sees in two exports of the same row nothing in common.
Letters only, so that no spreadsheet takes a mark for a number.
"""

import hashlib
import re

TRACE = "trace"
TAG_LETTERS, SEAL_LETTERS = 8, 12
LETTERS = bytes.maketrans(b"0123456789abcdef", b"bcdfghjklmnpqrst")
MARK = re.compile("[b-df-hj-np-t]{20}", re.ASCII)
BETWEEN = "\0"
UNEVEN = re.compile(r"(?:^|\0)[' ]|[^\S ]| (?: |\0)")


class Marks:
    """Makes the marks of the export run of that salt."""

    def __init__(self, salt):
        key = bytes(salt)
        self.tag = letters(hashlib.blake2b(key=key, digest_size=TAG_LETTERS // 2, person=b"PDR1 export"))
        self._seal = hashlib.blake2b(key=key, digest_size=SEAL_LETTERS // 2, person=b"PDR1 row")

    def __call__(self, cells) -> str:
        """The mark of a row; `cells` are those before it, with the apostrophe of a formula or without."""
        return self.after(())(cells)

    def after(self, begin):
        """Makes the marks of rows that all begin with these cells."""
        begun, tag = self._seal.copy(), self.tag
        begun.update(bound(begin))

        def mark(cells):
            seal = begun.copy()
            seal.update(bound(cells))
            return tag + letters(seal)

        return mark


def bound(cells) -> bytes:
    text = BETWEEN.join(["" if cell is None else str(cell) for cell in cells] + [""])
    if UNEVEN.search(text):
        text = BETWEEN.join(map(plain, text.split(BETWEEN)))
    return text.encode("utf-8", "surrogatepass")


def plain(cell):
    """A cell as it is bound: apostrophes at its beginning, and the kind and breadth of its blanks, make no difference."""
    return " ".join(cell.split()).lstrip("' ")


def letters(digest):
    return digest.hexdigest().encode().translate(LETTERS).decode()


def is_mark(text):
    return MARK.fullmatch(text) is not None
