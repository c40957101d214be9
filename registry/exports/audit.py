"""The audit trail as files for a third party: the journal, the head note, the verifier, a read-me, and what changed."""

import hashlib
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from registry.choices import Role
from registry.exports import changes, runs, trail
from registry.exports.span import WHOLE
from registry.journal.canonical import moment as utc_text
from registry.models import DataSubject, ExportRun
from registry.rules.dates import HOME_ZONE

VERIFIER = Path(__file__).parents[1] / "journal" / "verify_journal.py"
JOURNAL, HEAD, README, START = "journal.jsonl", "head.txt", "README.txt", "start.txt"
VERIFY = "verify_journal.py"
# What changed, by format, and under which name the entry of the end keeps the SHA-256 that the last line of it says.
CHANGES = {"csv": "changes.csv", "xlsx": "changes.xlsx"}
SAID_BY_LAST_LINE = {"csv": CHANGES["csv"], "xlsx": "changes"}


class Directory:
    """A new directory that the files are written into; they get their names together, when all are whole and it is closed.

    As a context it takes away what was written, where something fails before its end.
    """

    def __init__(self, path):
        self.path, self.names = Path(path), []
        self.is_new = not self.path.exists()
        if not self.is_new and (not self.path.is_dir() or any(self.path.iterdir())):
            raise ValidationError(_("“%s” exists and is not empty. Name a new directory.") % path)
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def __enter__(self):
        return self

    @contextmanager
    def file(self, name):
        with open(self._part(name), "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            self.names.append(name)
            yield file
            file.flush()
            os.fsync(file.fileno())

    def close(self):
        for name in self.names:
            self._part(name).rename(self.path / name)

    def __exit__(self, failure, *_rest):
        if failure:
            self._remove()

    def _remove(self):
        """Only what was made here: another process may have been given the same directory."""
        for name in self.names:
            for path in (self._part(name), self.path / name):
                with suppress(OSError):
                    path.unlink()
        if self.is_new:
            with suppress(OSError):  # something lies in it
                self.path.rmdir()

    def _part(self, name):
        return self.path / f"{name}.part"


class Archive:
    """A ZIP over an open file, written as the lines come."""

    def __init__(self, file):
        # Digests hardly pack: more effort takes twice the time for a twentieth of the size.
        self.zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1)

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


def say_why(changes_as, personal_of, reason):
    """ValidationError where personal values leave without a reason."""
    if changes_as and personal_of:
        runs.say_why(reason)


def export(
    sink, *, by, role, operator=None, subject=None, changes_as="", personal_of=frozenset(), reason="", span=WHOLE
):
    """Writes the trail into `sink` (Directory or Archive), closes it and returns its ExportRun, finished.

    Whole for `operator` None and `subject` (a uid) None; else the lines of others are printed as digests.
    `changes_as` is the format of what changed: csv or xlsx, empty without it. `personal_of` are codes of the operators whose
    personal values the reader may see there; `span` are the times it begins and ends with. ValidationError where no entry lies
    between them, and without a reason where personal values leave.
    """
    if changes_as not in ("", *CHANGES):
        raise ValueError(f"What changed leaves as csv or xlsx, not as {changes_as}.")
    say_why(changes_as, personal_of, reason)
    code = operator.code if operator else ""
    # A person's extract shows that what is there is genuine, not that it is all: it names no running number.
    numbered = [] if subject else [code] if code else None
    first, head = span.entries(numbered)
    asked = {
        "operator": code,
        "subject": str(subject or ""),
        "changes": bool(changes_as),
        "personal": sorted(personal_of),
    }
    asked |= span.asked(first) | ({"format": changes_as} if changes_as else {})
    run = runs.start(
        ExportRun.Kind.AUDIT,
        by=by,
        role=role,
        operator=operator,
        reason=reason,
        filter=asked,
        subjects=[subject] if subject else (),
    )
    head = head or trail.head_now(numbered)
    with sink.file(JOURNAL) as file:
        end = partial(trail.trailer, head, export=run.uid, first=first)
        files = {JOURNAL: write(file, trail.blocks(head, code, subject, first=first), end)}
    if changes_as:
        about = run, head.seq, code, subject, personal_of
        files |= write_changes(sink, changes_as, changes.file(*about, role=role, first=first or 1, format=changes_as))
    texts = {HEAD: head.note, VERIFY: VERIFIER.read_text(encoding="utf-8")}
    if before := trail.before(first or 1):
        texts[START] = start_note(run, before)
    for name, text in texts.items():
        files[name] = write_text(sink, name, text)
    files[README] = write_text(sink, README, read_me(run, head, files, asked))
    sink.close()
    return runs.finish(run, count=head.seq - (first or 1) + 1, digest=files[JOURNAL], role=role, files=files)


def write_changes(sink, format, changed):
    """The SHA-256 of the file, and what its last line says, by the names under which the entry of the end keeps them."""
    with sink.file(CHANGES[format]) as file:
        sha256 = write(file, changed)
    return {CHANGES[format]: sha256, SAID_BY_LAST_LINE[format]: changed.digest}


def write_text(sink, name, text):
    with sink.file(name) as file:
        return write(file, [text.encode()])


def write(file, pieces, end=None):
    """Copies pieces of bytes into the file, and what `end` makes of their SHA-256; the SHA-256 of it all. A thread hashes, packs and
    writes one piece while the next is made.
    """
    sha256, last = hashlib.sha256(), None

    def put(piece):
        sha256.update(piece)
        file.write(piece)

    with ThreadPoolExecutor(max_workers=1) as writer:
        for piece in pieces:
            if last is not None:
                last.result()  # one waits at most; what went wrong with it is raised here
            last = writer.submit(put, piece)
        if last is not None:
            last.result()
    if end:
        put(end(sha256.hexdigest()))
    return sha256.hexdigest()


def read_me(run, head, files, asked):
    first = asked.get("first")
    context = {
        "number": run.pk,
        "uid": run.uid,
        "made_at": almaty(run.started_at),
        "seq": head.seq,
        "count": head.seq - (first or 1) + 1,
        "digests": [(name.ljust(len(VERIFY)), sha256) for name, sha256 in files.items()],
        "asked": asked,
        "changes": CHANGES.get(asked.get("format"), "").ljust(len(VERIFY) + 2),
        "later": START in files,
        "verify": verify_command(run),
    }
    return render_to_string("exports/README.txt", context)


def start_note(run, before):
    """What an export that begins later relies on, and where the earlier part is got; `before` is the last entry left out."""
    options = {"--operator": run.filter["operator"], "--subject": run.filter["subject"], "--to": utc_text(before.at)}
    context = {
        "seq": before.seq,
        "hash": before.hash,
        "first": before.seq + 1,
        "command": " ".join(f"{name} {value}" for name, value in options.items() if value),
        "to": utc_text(before.at),
        "operator": run.operator,
    }
    return render_to_string("exports/start.txt", context)


def verify_command(run):
    """How the files of the export are verified: one that begins later is asked for by the number of its first entry."""
    first = run.filter.get("first", 1)
    return f"python {VERIFY} {JOURNAL} {HEAD}" + (f" from={first}" if first > 1 else "")


def almaty(at):
    return at.astimezone(HOME_ZONE).isoformat(timespec="seconds")
