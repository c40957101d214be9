"""Which exports a line came from: by the mark of its row, by its trailer, or by the entry of the journal it shows."""

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from registry.exports import stream
from registry.exports.audit import SAID_BY_LAST_LINE
from registry.exports.runs import files_of
from registry.exports.trace import SEAL_DIGITS, TAG_LETTERS, TRACE, Marks, is_mark
from registry.journal.canonical import GENESIS, body_digest
from registry.models import ExportRun, JournalEntry

DELIMITERS = ",;\t|"
MARK_LENGTH = TAG_LETTERS + SEAL_DIGITS
# Our own JSON begins so; a cell of a CSV that has a quote in it begins with one.
JSON = re.compile(r'\s*(\{\s*"|"end":)')
SHA256, MOST = re.compile("[0-9a-f]{64}"), 2**63 - 1


class Found(NamedTuple):
    """What is known of a line: a word for it, the export runs, and the number of the journal's entry it shows, if it does.

    All of it is the register's own: nothing of the text that was looked at, which may be anybody's.
    """

    what: str
    runs: tuple = ()
    seq: int | None = None


UNMARKED, UNKNOWN, ROW, ALTERED, TRAILER = "unmarked", "unknown", "row", "altered", "trailer"
ENTRY, HIDDEN, ENTRY_ALTERED, BEGINNING = "entry", "hidden", "entry altered", "beginning"


class Tracer:
    """Looks among the exports by which something of one operator left, or for None among all.

    An audit trail over all operators is one of each: of its rows the operator is told those that show its own entries.
    """

    def __init__(self, operator=None):
        self.runs = ExportRun.objects.select_related("operator", "started_by").order_by("pk")
        if operator:
            self.runs = self.runs.filter(ExportRun.gave_away(operator))
        self.operator = operator
        self._by_tag = {}
        for pk, salt in self.runs.exclude(kind=ExportRun.Kind.REGISTER).values_list("pk", "salt").iterator():
            self._by_tag.setdefault(Marks(salt).tag, []).append(pk)

    def trace(self, text) -> Iterator[Found]:
        """What is known of each line of the text: rows of a CSV, lines of a JSON or of a journal. Headings are passed over."""
        text = text.lstrip("\ufeff")
        if JSON.match(text):  # which leaves other signs that end a line, as U+2028, in its texts
            yield from (self.of_json(line) for line in text.split("\n") if line.strip())
            return
        for cells in rows_of(text):
            if cells and cells[-1] != TRACE:
                yield self.of_cells(cells)

    def of_cells(self, cells):
        if cells[0] == stream.TRAILER:
            said = dict(zip(cells[1::2], cells[2::2], strict=False))
            return self._of_trailer(said.get("rows"), said.get("sha256"), said.get("export"))
        place = next((place for place in range(len(cells) - 1, -1, -1) if is_mark(cells[place])), None)
        return Found(UNMARKED) if place is None else self._of_row(cells[:place], cells[place])

    def of_json(self, line):
        line = line.strip().rstrip(",")
        try:
            said = json.loads(line if line[:1] == "{" else "{" + line)
        except (ValueError, RecursionError):
            return Found(UNMARKED)
        if isinstance(said.get("end"), dict):
            said = said["end"]
            return self._of_trailer(said.get("count"), said.get("sha256"), said.get("export"))
        if type(said.get("seq")) is int and ("body" in said or "digest" in said):
            return self._of_entry(said)
        if {"count", "seq", "hash"} <= set(said) <= {"count", "seq", "hash", "export", "sha256"}:
            return self._of_journal_trailer(said)
        if set(said) == {"from", "previous"}:
            return self._of_beginning(said)
        mark = str(said.pop(TRACE, ""))
        return self._of_row(list(said.values()), mark) if is_mark(mark) else Found(UNMARKED)

    def _of_row(self, cells, mark):
        found = self.runs.in_bulk(self._by_tag.get(mark[:TAG_LETTERS], ())).values()
        runs = tuple(run for run in found if self._may_know(run, cells))
        for run in runs:
            if Marks(run.salt)(cells) == mark:
                return Found(ROW, (run,))
        return Found(ALTERED if runs else UNKNOWN, runs)

    def _may_know(self, run, cells):
        """Whether a row of the run is for whom this looks: of a trail over all operators, by the number of the entry it shows."""
        if self.operator is None or run.operator_id is not None:
            return True
        shown = JournalEntry.objects.filter(seq=number(cells[0]) if cells else -1)
        return shown.filter(operator=self.operator.code).exists()

    def _of_trailer(self, count, digest, uid):
        """By the uid in it, and then by what is kept of that export. A register's bears none, for its files are the same bytes
        each time: it came from any that gave those away.
        """
        if not is_uid(uid):
            runs = tuple(self.runs.filter(digest=sha256(digest), count=number(count)))
            return Found(TRAILER if runs else UNKNOWN, runs)
        run = self.runs.filter(uid=uid).first()
        if run is None:
            return Found(UNKNOWN)
        return Found(TRAILER if closes(run, count, digest) else ALTERED, (run,))

    def _of_journal_trailer(self, said):
        """Of journal.jsonl, by the export it names, and by number and hash of the last entry and how many there are; of one made before
        it named any by these alone."""
        entry = JournalEntry.objects.filter(seq=number(said["seq"]), hash=sha256(said["hash"])).first()
        audits = self.runs.filter(kind=ExportRun.Kind.AUDIT, count=number(said["count"]))
        if "export" in said:
            audits = audits.filter(uid=said["export"]) if is_uid(said["export"]) else audits.none()
        runs = [run for run in audits if run.filter.get("first", 1) + run.count - 1 == said["seq"]] if entry else ()
        return Found(TRAILER if runs else UNKNOWN, tuple(runs), entry and entry.seq)

    def _of_beginning(self, said):
        """Of a journal.jsonl that begins later: the number of its first entry, and the hash of the one before."""
        first = number(said["from"])
        before = JournalEntry.objects.filter(seq=first - 1).values_list("hash", flat=True).first() or GENESIS.hex()
        audits = self.runs.filter(kind=ExportRun.Kind.AUDIT).iterator() if said["previous"] == before else ()
        runs = [run for run in audits if run.filter.get("first") == first]
        return Found(BEGINNING if runs else UNKNOWN, tuple(runs), first if runs else None)

    def _of_entry(self, said):
        entry = JournalEntry.objects.filter(seq=number(said["seq"])).first()
        if entry is None:
            return Found(UNKNOWN)
        if "body" not in said:
            if body_digest(entry.body.encode()).hex() != said["digest"]:
                return Found(ENTRY_ALTERED, (), entry.seq)
            return Found(HIDDEN, tuple(self._holding(entry, whole=False)), entry.seq)
        if self.operator and entry.operator != self.operator.code:
            return Found(UNKNOWN, (), entry.seq)
        if (entry.body, entry.hash) != (said["body"], said.get("hash")):
            return Found(ENTRY_ALTERED, (), entry.seq)
        return Found(ENTRY, tuple(self._holding(entry, whole=True)), entry.seq)

    def _holding(self, entry, whole):
        """The audit exports that hold the entry, shown whole or as a digest. One that broke off may hold what was there by then."""
        touched = {str(entry.object_uid), *map(str, entry.subjects.values_list("uid", flat=True))}
        for run in self.runs.filter(kind=ExportRun.Kind.AUDIT).iterator():
            first = run.filter.get("first", 1)
            ended = entry.at <= run.started_at if run.count is None else entry.seq < first + run.count
            of_operator = run.filter.get("operator", "") in ("", entry.operator)
            of_subject = run.filter.get("subject", "") in ("", *touched)
            if first <= entry.seq and ended and (of_operator and of_subject) is whole:
                yield run


def closes(run, count, digest):
    """Whether the export ended so. Of what changed its entry keeps the digest; where the end is not kept, nothing speaks against it."""
    if run.finished_at is None:
        return True
    if run.kind == ExportRun.Kind.AUDIT:
        kept = files_of(run)
        return not kept or kept.get(SAID_BY_LAST_LINE[run.filter.get("format", "csv")]) == sha256(digest)
    return (run.count, run.digest) == (number(count), digest)


def rows_of(text):
    """Rows of cells, blank cells behind them left out; the delimiter is the one that shows the most marks."""
    lines, limit = io.StringIO(text, newline="").readlines(), csv.field_size_limit()

    def marks(rows):
        return sum(cells[0] == stream.TRAILER or is_mark(cells[-1]) for cells in rows)

    csv.field_size_limit(max(limit, len(text)))
    try:
        return max((list(filter(None, split(lines, each))) for each in DELIMITERS), key=marks)
    finally:
        csv.field_size_limit(limit)


def split(lines, delimiter):
    """Rows of cells. A row of several lines bears its mark in the last of them: a quote that is open beyond a mark, or
    to the end of a text that was cut, is a quote and nothing else, and swallows no line."""
    place, ends = 0, marked_ends(lines, delimiter)
    while place < len(lines):
        reader = csv.reader((lines[at] for at in range(place, ends[place] + 1)), delimiter=delimiter)
        cells, used = stripped(next(reader)), reader.line_num
        if used > 1 and not (cells and is_mark(cells[-1])):
            cells, used = stripped(next(csv.reader([lines[place]], delimiter=delimiter))), 1
        yield cells
        place += used


def marked_ends(lines, delimiter):
    """Of each line the next that bears a mark, itself included; the last of all where none does."""
    ends, end = [], len(lines) - 1
    for at in reversed(range(len(lines))):
        end = at if bears_mark(lines[at], delimiter) else end
        ends.append(end)
    return ends[::-1]


def bears_mark(line, delimiter):
    return is_mark(line.rstrip(f'"\r\n {delimiter}')[-MARK_LENGTH:])


def stripped(cells):
    cells = [cell.strip() for cell in cells]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def number(count):
    """A count or number as the database can look for; -1, which nothing has, for what is none."""
    text = str(count)
    return int(text) if text.isdecimal() and len(text) <= len(str(MOST)) and int(text) <= MOST else -1


def sha256(text):
    return text if isinstance(text, str) and SHA256.fullmatch(text) else "-"


def is_uid(text):
    try:
        UUID(text)
    except (TypeError, ValueError, AttributeError):
        return False
    return True
