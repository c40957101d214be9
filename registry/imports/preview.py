"""What applying a run would do, gathered row by row for the eyes of the person who decides."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.models import ImportRun

from .compare import CHANGED, NEW, REJECTED, SAME, STOPPED
from .differences import Change, Difference, difference
from .progress import grouped
from .room import Room, fit, html_bytes

SHOWN_DIFFERENCES = 100
SHOWN_REJECTED = 20
LINES_NAMED = 50
# Different sentences of warnings that are kept; of headers, how many are named, and how much of each.
WARNINGS_KEPT, HEADERS_NAMED, HEADER_SHOWN, REASON_SHOWN = 100, 20, 40, 300
# Bytes of HTML, so that the page of the preview stays below 100 KB whatever stands in the cells.
DIFFERENCES_ROOM, REJECTED_ROOM, WARNINGS_ROOM = 64_000, 10_000, 10_000
REJECTED_MARKUP = 130
HEADER_BYTES = 120
# A trailer is a line of the file: what is no count may be somebody's, and the sentence is kept for everybody.
COUNT = re.compile(r"[0-9]{1,9}")
LETTERS = {NEW: "n", CHANGED: "c", SAME: "s", REJECTED: "r", STOPPED: "t"}


class TurnedDown(NamedTuple):
    """A row that is not taken, as the preview shows it."""

    line: int
    kind: str
    reasons: list


@dataclass
class Plan:
    """What applying the run would do, for the eyes of the person who decides."""

    run: ImportRun
    counts: Counter = field(default_factory=Counter)
    file_warnings: list = field(default_factory=list)
    # (column, reason) → how many, and the first lines; values stay out of it, for the run keeps these sentences.
    row_warnings: dict = field(default_factory=dict)
    row_warning_count: int = 0
    differences: list[Difference] = field(default_factory=list)
    rejected: list[TurnedDown] = field(default_factory=list)
    incomplete: Counter = field(default_factory=Counter)
    shown_uids: list = field(default_factory=list)
    # One letter a row, for apply to hold every row to what was shown of it.
    kinds: bytearray = field(default_factory=bytearray)
    differences_room: Room = field(default_factory=lambda: Room(DIFFERENCES_ROOM, SHOWN_DIFFERENCES))
    rejected_room: Room = field(default_factory=lambda: Room(REJECTED_ROOM, SHOWN_REJECTED))

    @classmethod
    def of(cls, run, kept: dict):
        """The preview as it was shown when the plan was made."""
        plan = cls(run, row_warning_count=kept["warning_count"], shown_uids=kept["uids"])
        plan.rejected = [TurnedDown(*row) for row in kept["rejected"]]
        plan.differences = [
            Difference(line, crm_id, kind, [Change(*change) for change in changes], more)
            for line, crm_id, kind, changes, more in kept["differences"]
        ]
        return plan

    def kept(self) -> dict:
        """What the page of the run shows of the plan, for JSON; its counts and warnings stand with the run."""
        return {
            "warning_count": self.warning_count,
            "differences": self.differences,
            "rejected": self.rejected,
            "uids": list(map(str, self.shown_uids)),
        }

    @property
    def warning_count(self):
        return len(self.file_warnings) + self.row_warning_count

    def warnings(self):
        """Sentences: what is said of the file, then what is said of rows, each with the lines it is true of."""
        sentences = self.file_warnings + [_on_lines(*said, *true_of) for said, true_of in self.row_warnings.items()]
        unlisted = self.row_warning_count - sum(count for count, _lines in self.row_warnings.values())
        if unlisted:
            sentences.append(
                ngettext("%(count)s more warning is not listed.", "%(count)s more warnings are not listed.", unlisted)
                % {"count": grouped(unlisted)}
            )
        room, kept = Room(WARNINGS_ROOM, len(sentences)), []
        for sentence in sentences:
            kept.append(fit(sentence, room.share))
            room.take(html_bytes(kept[-1]))
        return kept

    def note(self, outcomes):
        """Takes in the outcomes of a chunk, in the order of the file."""
        kinds = [outcome.kind for outcome in outcomes]
        self.counts.update(kinds)
        self.kinds += "".join(map(LETTERS.__getitem__, kinds)).encode()
        self.incomplete.update(outcome.missing for outcome in outcomes if outcome.missing)
        for row in [outcome.row for outcome in outcomes if outcome.row.warnings]:
            # A sentence that is true of two parts of one name is said of the row once.
            for said in dict.fromkeys(map(_sentence, row.warnings)):
                self._warn(said, row.line)
        turned_down = REJECTED in kinds or STOPPED in kinds
        if len(self.differences) < SHOWN_DIFFERENCES or (turned_down and len(self.rejected) < SHOWN_REJECTED):
            self._show(outcomes)

    def _show(self, outcomes):
        for outcome in outcomes:
            if outcome.kind in (NEW, CHANGED) and len(self.differences) < SHOWN_DIFFERENCES:
                self.differences.append(difference(outcome, self.differences_room))
                self.shown_uids += [outcome.person["uid"]] if outcome.kind == CHANGED else []
            elif outcome.kind in (REJECTED, STOPPED) and len(self.rejected) < SHOWN_REJECTED:
                self.rejected.append(_turned_down(outcome, self.rejected_room))

    def _warn(self, said, line):
        self.row_warning_count += 1
        if said not in self.row_warnings:
            if len(self.row_warnings) == WARNINGS_KEPT:
                return
            self.row_warnings[said] = [0, []]
        true_of = self.row_warnings[said]
        true_of[0] += 1
        if len(true_of[1]) <= LINES_NAMED:
            true_of[1].append(line)


def _sentence(warning):
    return warning.column[:HEADER_SHOWN], warning.reason[:REASON_SHOWN]


def _turned_down(outcome, room):
    reasons, used = [], REJECTED_MARKUP
    for problem in outcome.problems:
        left = room.share - used
        if reasons and left < REJECTED_MARKUP:
            reasons.append("…")
            break
        reasons.append(fit(problem.with_value(), max(left, REJECTED_MARKUP)))
        used += html_bytes(reasons[-1]) + len("<div><bdi></bdi></div>")
    room.take(used)
    return TurnedDown(outcome.row.line, outcome.kind, reasons)


def _on_lines(column, reason, count, lines):
    named = ", ".join(map(str, lines[:LINES_NAMED])) + (" …" if count > LINES_NAMED else "")
    about = f"{column}: {reason}" if column else reason
    return (
        ngettext("Line %(lines)s, %(about)s", "%(count)s rows, %(about)s (lines %(lines)s)", count)
        if column
        else ngettext("Line %(lines)s: %(about)s", "%(count)s rows: %(about)s (lines %(lines)s)", count)
    ) % {"count": grouped(count), "lines": named, "about": about}


def file_warnings(file, plan):
    found, columns = [], file.columns
    if file.inspected.encoding_guessed:
        found.append(
            _("The encoding is guessed to be %(encoding)s: look at the names below, or say another one.")
            % {"encoding": file.inspected.encoding}
        )
    found += file.notes
    if file.table.trailer:
        found.append(trailer_note(file.table.trailer))
    if columns.unknown:
        found.append(_("Columns not imported: %(columns)s.") % {"columns": _quoted(columns.unknown)})
    if columns.refused:
        found.append(
            _("Columns never imported, because identity and state are decided in the register: %(columns)s.")
            % {"columns": _quoted(columns.refused)}
        )
    for missing, count in plan.incomplete.most_common():
        found.append(
            ngettext(
                "%(count)s consent is incomplete and no ground for processing; it lacks: %(missing)s.",
                "%(count)s consents are incomplete and no ground for processing; they lack: %(missing)s.",
                count,
            )
            % {"count": grouped(count), "missing": "; ".join(missing)}
        )
    return found


def trailer_note(trailer):
    if trailer.said == str(trailer.rows):
        return _("Line %(line)d closes an export of this registry and is no row.") % {"line": trailer.line}
    return _(
        "Line %(line)d closes an export of this registry and is no row. It says %(said)s rows, the file has %(rows)d: "
        "it was edited or cut."
    ) % (trailer._asdict() | {"said": trailer.said if COUNT.fullmatch(trailer.said) else "…"})


def _quoted(headers):
    names = [
        f"“{header if len(header) <= HEADER_SHOWN else header[:HEADER_SHOWN] + '…'}”" if header else _("(no header)")
        for header in headers[:HEADERS_NAMED]
    ]
    return ", ".join(names) + (" …" if len(headers) > HEADERS_NAMED else "")


def shown_columns(mapping):
    """([(header, field)], how many more) for a page: every column that is imported, the first ones of the others."""
    shown, others = [], 0
    for header, name in mapping:
        others += not name
        if name or others <= HEADERS_NAMED:
            shown.append((fit(header, HEADER_BYTES), name))
    return shown, max(others - HEADERS_NAMED, 0)
