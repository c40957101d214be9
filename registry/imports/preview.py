"""What applying a run would do, gathered row by row for the eyes of the person who decides."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.models import ImportRun

from .compare import CHANGED, NEW, REJECTED, SAME, STOPPED
from .differences import Difference, difference

SHOWN_DIFFERENCES = 100
SHOWN_REJECTED = 20
LINES_NAMED = 50
LETTERS = {NEW: b"n", CHANGED: b"c", SAME: b"s", REJECTED: b"r", STOPPED: b"t"}


@dataclass
class Plan:
    """What applying the run would do, for the eyes of the person who decides."""

    run: ImportRun
    counts: Counter = field(default_factory=Counter)
    file_warnings: list = field(default_factory=list)
    # (column, reason) → lines; values stay out of it, for the run keeps these sentences.
    row_warnings: dict = field(default_factory=lambda: defaultdict(list))
    row_warning_count: int = 0
    differences: list[Difference] = field(default_factory=list)
    rejected: list = field(default_factory=list)
    incomplete: Counter = field(default_factory=Counter)
    writes: Counter = field(default_factory=Counter)
    shown_uids: list = field(default_factory=list)
    # One letter a row, for apply to hold every row to what was shown of it.
    kinds: bytearray = field(default_factory=bytearray)

    @property
    def warning_count(self):
        return len(self.file_warnings) + self.row_warning_count

    def warnings(self):
        """Sentences: what is said of the file, then what is said of rows, each with the lines it is true of."""
        return self.file_warnings + [_on_lines(*said, lines) for said, lines in self.row_warnings.items()]

    def note(self, outcomes):
        """Takes in the outcomes of a chunk, in the order of the file."""
        for outcome in outcomes:
            self.counts[outcome.kind] += 1
            self.kinds += LETTERS[outcome.kind]
            self.row_warning_count += len(outcome.warnings)
            for warning in outcome.warnings:
                self.row_warnings[warning.column, warning.reason].append(outcome.row.line)
            if outcome.missing:
                self.incomplete[outcome.missing] += 1
            if outcome.kind in (NEW, CHANGED):
                self.writes.update((model, write.before is None) for model, write in outcome.writes)
                if len(self.differences) < SHOWN_DIFFERENCES:
                    self.differences.append(difference(outcome))
                    self.shown_uids += [outcome.person["uid"]] if outcome.kind == CHANGED else []
            elif outcome.kind in (REJECTED, STOPPED) and len(self.rejected) < SHOWN_REJECTED:
                self.rejected.append(outcome)


def _on_lines(column, reason, lines):
    named = ", ".join(map(str, lines[:LINES_NAMED])) + (" …" if len(lines) > LINES_NAMED else "")
    said = {"count": len(lines), "lines": named, "column": column, "reason": reason}
    return (
        ngettext(
            "Line %(lines)s, %(column)s: %(reason)s",
            "%(count)d rows, %(column)s: %(reason)s (lines %(lines)s)",
            len(lines),
        )
        % said
    )


def file_warnings(file, plan):
    found, columns = [], file.columns
    if file.inspected.encoding_guessed:
        found.append(
            _("The encoding is guessed to be %(encoding)s: look at the names below, or say another one.")
            % {"encoding": file.inspected.encoding}
        )
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
                "%(count)d consent is incomplete and no ground for processing; it lacks: %(missing)s.",
                "%(count)d consents are incomplete and no ground for processing; they lack: %(missing)s.",
                count,
            )
            % {"count": count, "missing": "; ".join(missing)}
        )
    return found


def _quoted(headers):
    return ", ".join(f"“{header}”" if header else _("(no header)") for header in headers)
