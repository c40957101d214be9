"""Files that leave line by line: CSV and JSON in chunks, closed by a last line that counts and hashes everything before it.

A file without that line is not whole. It is checked with `head -n -1 FILE | sha256sum`.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator

from registry.exports.formulas import RISKY, escape

CHUNK_BYTES = 64 * 1024
# Spreadsheets take a CSV for the local code page, and turn Cyrillic to rubbish, unless it begins with this.
BYTE_ORDER_MARK = "\ufeff"
# What the last line begins with.
TRAILER = "#end"


class Sealed:
    """Lines on their way out, in chunks of bytes; afterwards `count` records and the `digest` of the file have passed.

    `lines` are pairs of text and how many records it is; `trailer(count, sha256)` makes the last line.
    """

    def __init__(self, lines: Iterable[tuple[str, int]], trailer):
        self.lines, self.trailer = lines, trailer
        self.count, self.digest = 0, ""

    def __iter__(self) -> Iterator[bytes]:
        sha256, waiting, size = hashlib.sha256(), [], 0
        for text, records in self.lines:
            line = text.encode("utf-8")
            sha256.update(line)
            self.count += records
            waiting.append(line)
            size += len(line)
            if size >= CHUNK_BYTES:
                yield b"".join(waiting)
                waiting, size = [], 0
        self.digest = sha256.hexdigest()
        waiting.append(self.trailer(self.count, self.digest).encode("utf-8"))
        yield b"".join(waiting)


# What some spreadsheet takes for a delimiter, unless it is told which one it is.
NEEDS_QUOTES = re.compile('[,;\t"\r\n]')
PLAIN_CELL = re.compile(f"(?!['{RISKY}])[^,;\t\"\r\n]*")


def csv_line(cells) -> str:
    """One CSV line, formulas inert."""
    return (",".join(map(csv_cell, cells)) or '""') + "\r\n"


def csv_cell(value) -> str:
    """One cell as it stands in a line of several, formulas inert."""
    text = "" if value is None else str(value)
    if PLAIN_CELL.fullmatch(text):
        return text
    text = escape(value)
    return '"' + text.replace('"', '""') + '"' if NEEDS_QUOTES.search(text) else text


def end(count: int, sha256: str, export=None) -> list:
    """The cells of the last line; `export` is the uid of the export run, where the line names it."""
    return [TRAILER, "rows", count, "sha256", sha256, *(["export", str(export)] if export else [])]


def csv_file(head, columns, rows, *, end=end) -> Sealed:
    """A CSV: lines of `head` (what the file is), the column names, the rows, and the trailer that `end` makes the cells of."""

    def lines():
        for place, cells in enumerate([*head, columns]):
            yield (BYTE_ORDER_MARK if place == 0 else "") + csv_line(cells), False
        for cells in rows:
            yield csv_line(cells), True

    return Sealed(lines(), lambda count, sha256: csv_line(end(count, sha256)))


def json_text(value) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def json_file(head: dict, name: str, records, **also) -> Sealed:
    """One JSON object: what the file is, the list `name` with a record a line, and the trailer, with `also`, on the last line."""

    def lines():
        yield "{" + "".join(f"{json_text(key)}:{json_text(value)},\n" for key, value in head.items()), False
        yield f"{json_text(name)}:[", False
        for place, record in enumerate(records):
            yield (",\n" if place else "\n") + json_text(record), True
        yield "\n],\n", False

    def trailer(count, sha256):
        return f'"end":{json_text({"count": count, "sha256": sha256} | also)}}}\n'

    return Sealed(lines(), trailer)
