"""The audit trail as files for a third party: the journal, the head note, the verifier, a read-me, and what changed."""

import hashlib
import os
import zipfile
from contextlib import contextmanager
from pathlib import Path

from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from registry.choices import Role
from registry.exports import changes, runs, trail
from registry.exports.past import ALMATY
from registry.models import DataSubject, ExportRun

VERIFIER = Path(__file__).parents[1] / "journal" / "verify_journal.py"
JOURNAL, HEAD, README, CHANGES = "journal.jsonl", "head.txt", "README.txt", "changes.csv"


class Directory:
    """A new directory that the files are written into; each gets its name only when it is whole."""

    def __init__(self, path):
        self.path = Path(path)
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise ValidationError(_("“%s” exists and is not empty. Name a new directory.") % path)
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextmanager
    def file(self, name):
        part = self.path / f"{name}.part"
        with open(part, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            yield file
        part.rename(self.path / name)


class Archive:
    """A ZIP over an open file, written as the lines come."""

    def __init__(self, file):
        self.zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)

    @contextmanager
    def file(self, name):
        with self.zip.open(name, "w", force_zip64=True) as file:
            yield file

    def close(self):
        self.zip.close()


def subject_of(uid, operator=None):
    """The person of that uid, of `operator` where one is given; ValidationError where there is none (also no history)."""
    try:
        rows = DataSubject.history.filter(uid=uid)
        rows = rows.filter(operator_id=operator.pk) if operator else rows
        found = rows.first()
    except (ValueError, ValidationError):
        found = None
    if found is None:
        raise ValidationError(_("There is no data subject of the uid “%s” here. Copy it from the person’s page.") % uid)
    return found


def personal_of(user, operator):
    """Codes of the operators whose personal values the user may see: those they are the DPO of."""
    if user is None or user.is_administrator:
        return frozenset()
    own = user.memberships.filter(role=Role.DPO).values_list("operator__code", flat=True)
    return frozenset(own) & {operator.code} if operator else frozenset(own)


def export(sink, *, by, role, operator=None, subject=None, with_changes=False, personal_of=frozenset(), reason=""):
    """Writes the trail into `sink` (Directory or Archive) and returns its ExportRun.

    Whole for `operator` None and `subject` (a uid) None; else the lines of others are printed as digests.
    `personal_of` are codes of the operators whose personal values the reader may see in changes.csv.
    """
    code = operator.code if operator else ""
    asked = {"operator": code, "subject": str(subject or ""), "changes": with_changes, "personal": sorted(personal_of)}
    run = runs.start(
        ExportRun.Kind.AUDIT,
        by=by,
        role=role,
        operator=operator,
        reason=reason,
        filter=asked,
        subjects=[subject] if subject else (),
    )
    # A person's extract shows that what is there is genuine, not that it is all: it names no running number.
    head = trail.head_now([] if subject else [code] if code else None)
    with sink.file(JOURNAL) as file:
        count, digest = write(file, (line.encode() for line in trail.lines(head, code, subject)))
    if with_changes:
        with sink.file(CHANGES) as file:
            write(file, changes.file(head.seq, code, subject, personal_of))
    for name, text in ((HEAD, head.note), ("verify_journal.py", VERIFIER.read_text(encoding="utf-8"))):
        with sink.file(name) as file:
            file.write(text.encode())
    with sink.file(README) as file:
        file.write(read_me(run, head, count - 1, digest, asked).encode())
    return runs.finish(run, count=count - 1, digest=digest, role=role)


def write(file, pieces):
    """Copies pieces of bytes into the file; how many there were and the SHA-256 of them all."""
    sha256, count = hashlib.sha256(), 0
    for piece in pieces:
        sha256.update(piece)
        file.write(piece)
        count += 1
    return count, sha256.hexdigest()


def read_me(run, head, count, digest, asked):
    made_at = run.started_at.astimezone(ALMATY).isoformat(timespec="seconds")
    context = {"number": run.pk, "made_at": made_at, "seq": head.seq, "count": count, "digest": digest, "asked": asked}
    return render_to_string("exports/README.txt", context)
