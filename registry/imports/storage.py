"""Uploaded files and their plans: private, under generated names, deleted when applied or an hour after the last step."""

import datetime as dt
import json
import os
import re
import unicodedata
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry import journal
from registry.models import ImportRun, ListedRow

from .inspection import FileRefused, Limits

# A file waits so long for somebody to read it, where no worker runs or the one that had it is gone.
READING_WAITS_HOURS = 24
# As Django calls what it writes of a large upload while it comes in. No request takes so long.
SPOOLED, SPOOLED_HOURS = "*.upload*", 24
# Rejected rows go back to the CRM's owner, who may ask for them the next day.
REJECTED_KEPT_DAYS = 7
FILE_NAME_MAX_LENGTH = 200
# An IIN, a phone or an e-mail in the name of a file; a date or a date with time has 8 or 14 digits.
SOMEBODYS = re.compile(r"(?<!\d)\d{10,12}(?!\d)|(?<!\d)\+?[78](?:[ ()-]*\d){10}(?!\d)|[^\s@]+@[^\s@]+")
# What a file of a run is called: the run's uid and what kind of file it is.
OF_A_RUN = re.compile(r"([0-9a-f]{32})\..+")
# What a step reads and writes, of no use at the run's end; the rest goes with its lists.
OF_A_STEP = (".csv", ".json", ".new")
OWED = ".report"
FILE_GONE = gettext_lazy("The file of this import has been deleted. Upload it again.")
FORGOTTEN = gettext_lazy("Nobody went on with it for a week.")
STANDING = ("id", "state", "rows_done")
# Nothing of these is written: their files wait for somebody's word, those of which the reading was stopped, too.
WAITING = (*ImportRun.OPEN, ImportRun.State.PLANNING)


class AlreadyTaken(Exception):
    """The run is no longer where it was thought to be: confirmed before, given up, or another process applies it."""


@contextmanager
def file_may_go(run):
    """AlreadyTaken where the file of a run is gone because somebody gave the run up meanwhile, or brought it to its end;
    FileRefused where the run still waits for what is done with it.
    """
    try:
        yield
    except FileNotFoundError:
        if ImportRun.objects.filter(pk=run.pk, state=run.state).exists():
            raise FileRefused(str(FILE_GONE)) from None
        raise AlreadyTaken from None


def upload(*, operator, owner, role, file_name, chunks, size=0) -> ImportRun:
    """A run for a file that arrives in pieces of bytes; FileRefused, with its `run`, when it is, or grows, beyond the limit,
    also where the run was given up, or had its time, while the pieces came: then it has ended as it was ended.
    """
    run = ImportRun.objects.create(
        operator=operator, owner=owner, file_name=shown_name(file_name), file_size=size, expires_at=next_expiry()
    )
    limit = Limits.from_settings().bytes
    with _create(file_of(run), "wb") as stream:
        for chunk in chunks if size <= limit else ():
            stream.write(chunk)
            size = max(size, stream.tell())
            if size > limit:
                break
    if size > limit:
        why = _("The file has more than the %(limit)d bytes allowed. Export it in parts.") % {"limit": limit}
        refusal = FileRefused(why)
        refusal.run = run
        try:
            refuse(run, refusal, {"by": owner, "role": role, "operator": operator, "run": run.pk})
        except AlreadyTaken:
            discard(run)
        raise refusal
    return run


def refuse(run, refusal: FileRefused, actor):
    """Ends the run, which the refusal then bears: the file is deleted, the refusal kept and told to the journal. What was applied
    before stays, its lists for as long as those of every import that came to its end.

    AlreadyTaken where another process brought the run further meanwhile: then it is not this one's to end.
    """
    applied = run.rows_done if run.state == ImportRun.State.APPLYING else 0
    ended = {"state": ImportRun.State.REFUSED, "expires_at": None}
    if applied:
        ended = {"state": ImportRun.State.CANCELLED, "expires_at": rejected_expiry()}
    with journal.unit_of_work(**actor):
        as_known = ImportRun.objects.filter(pk=run.pk, state=run.state, rows_done=run.rows_done)
        if not as_known.update(**ended, refusal=str(refusal), token="", rows_done=applied):
            raise AlreadyTaken
        if not applied:
            discard_lists(run)
        journal.record("import.reject", object_type="importrun", uid=run.uid)
    run.refresh_from_db()
    refusal.run = run
    discard(run)


def shown_name(name):
    """The file's own name for people to recognise: no path, nothing invisible, nobody's number or address, not too long."""
    name = str(name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(mark for mark in name if unicodedata.category(mark)[0] != "C")
    return SOMEBODYS.sub("…", kept)[:FILE_NAME_MAX_LENGTH] or "—"


def file_of(run) -> Path:
    return _folder() / f"{run.uid.hex}.csv"


def plan_of(run) -> Path:
    return _folder() / f"{run.uid.hex}.json"


def write_plan(run, plan: dict):
    """The old plan or the new one, whatever happens in between."""
    fresh = plan_of(run).with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with _create(fresh, "w") as stream:
        json.dump(plan, stream)
    fresh.replace(plan_of(run))


def read_plan(run) -> dict:
    """The plan's particulars, or FileRefused where file or plan are gone."""
    try:
        plan = read_note(run)
        file_of(run).stat()
    except FileNotFoundError:
        raise FileRefused(str(FILE_GONE)) from None
    return plan


def keep_planned(run):
    """Saves a run that was read into a plan. AlreadyTaken where it was given up, or is read by another process, meanwhile.

    The run in memory stays where it was: it is planned when that is committed.
    """
    mine = ImportRun.objects.filter(pk=run.pk, state=run.state, rows_done=run.rows_done)
    if not mine.update(state=ImportRun.State.PLANNED, rows_done=0):
        raise AlreadyTaken
    run.save(update_fields=[field.name for field in run._meta.concrete_fields if field.name not in STANDING])


def read_note(run) -> dict:
    """What is kept beside the run for the present step, also where its file is gone. FileNotFoundError where nothing is."""
    return json.loads(plan_of(run).read_text(encoding="utf-8"))


def add_to_note(run, more: dict):
    """Keeps more beside the run than what is kept already. FileNotFoundError where nothing is."""
    note = read_note(run)
    if note != note | more:
        write_plan(run, note | more)


def clear_away(run):
    """Deletes what a process still wrote of a plan after somebody had given the plan up."""
    given_up = (ImportRun.State.CANCELLED, ImportRun.State.REFUSED, ImportRun.State.EXPIRED)
    if ImportRun.objects.filter(pk=run.pk, state__in=given_up, rows_done=0, last_seq__isnull=True).exists():
        discard_lists(run)
        discard(run)


def discard(run):
    for path in (file_of(run), plan_of(run), plan_of(run).with_suffix(".new")):
        path.unlink(missing_ok=True)


def seen_of(run) -> Path:
    return _folder() / f"{run.uid.hex}.seen"


def write_seen(run, content: bytes):
    """Who stands in the file, kept as long as the lists of the run."""
    seen_of(run).unlink(missing_ok=True)
    with _create(seen_of(run), "wb") as stream:
        stream.write(content)


def discard_lists(run, *, kept=()):
    """Deletes the lists of a run, but for rows of the kinds that are kept."""
    run.listed_rows.exclude(kind__in=kept).delete()
    seen_of(run).unlink(missing_ok=True)


def owe_report(run):
    """Somebody is to be told by mail what becomes of the run; `reports_owed` says so until `report_done`."""
    _report_of(run.uid).touch(mode=0o600)


def reports_owed() -> list[uuid.UUID]:
    """The uids of runs of which somebody is still to be told."""
    return [uuid.UUID(path.stem) for path in _folder().glob("*" + OWED)]


def report_done(run):
    _report_of(run.uid).unlink(missing_ok=True)


def _keep_owed(run):
    """What is owed of a run that ends here is kept for a week from now on: nobody could tell of its end before."""
    with suppress(FileNotFoundError):
        os.utime(_report_of(run.uid))


def _report_of(uid):
    return _folder() / (uid.hex + OWED)


def scratch():
    """A file that has no name and is gone when closed, or when the process is."""
    return TemporaryFile(dir=_folder())


def next_expiry():
    return timezone.now() + dt.timedelta(hours=settings.IMPORT_FILE_LIFETIME_HOURS)


def rejected_expiry():
    return timezone.now() + dt.timedelta(days=REJECTED_KEPT_DAYS)


def kept_until(run, kind):
    """When a list of this kind goes: those of the import a week after its end, what its undo left a week after that one's."""
    if kind != ListedRow.Kind.LEFT:
        return run.expires_at
    return None if run.is_at_work else max(filter(None, (run.expires_at, _left_until(run))), default=None)


def _left_until(run):
    """A week after the undo: after its end, or after it was begun where it was given up."""
    undo_at = run.undone_at or run.step_began_at
    return undo_at and undo_at + dt.timedelta(days=REJECTED_KEPT_DAYS)


def purge_expired(now=None):
    """Deletes what has had its time, and what a killed process left; never the file of a run that somebody is at. Called by the worker
    and by every import request."""
    now = now or timezone.now()
    for run in _had_their_time(now):
        state = ImportRun.State.EXPIRED if run.state in WAITING else run.state
        kept = _kept_of_an_undo(run, now)
        with transaction.atomic():
            # Confirmed, taken up or given up in this very moment: then neither its rows nor its file have had their time.
            expires_at = _left_until(run) if kept and not run.is_at_work else None
            if not _as_known(run).update(state=state, expires_at=expires_at, token=""):
                continue
            discard_lists(run, kept=kept)
        if state == ImportRun.State.EXPIRED:
            _keep_owed(run)
        if state != ImportRun.State.UNDOING:
            discard(run)
    _give_up_forgotten(now)
    _purge_left_behind(now)
    _purge_spooled(now)


def _as_known(run):
    known = {"state": run.state, "expires_at": run.expires_at, "alive_at": run.alive_at}
    return ImportRun.objects.filter(pk=run.pk, **known)


def _had_their_time(now):
    """Runs whose date has come, and readings that nobody has been at for a day. What is read or applied has no date."""
    at_work = models.Q(state=ImportRun.State.APPLYING) | models.Q(state=ImportRun.State.PLANNING) & ~models.Q(
        step_role=""
    )
    unread = models.Q(state=ImportRun.State.PLANNING, heard_of_at__lte=now - dt.timedelta(hours=READING_WAITS_HOURS))
    return _heard_of().filter(models.Q(~at_work, expires_at__lte=now) | unread)


def _heard_of():
    return ImportRun.objects.annotate(heard_of_at=Coalesce("alive_at", "step_began_at"))


def _kept_of_an_undo(run, now):
    """The kinds of rows that stay when the lists of the import go: what its undo has left so far, or left less than a week ago."""
    until, left = _left_until(run), (ListedRow.Kind.LEFT,)
    if run.state == ImportRun.State.UNDOING:
        return left
    return left if until and until > now and run.listed_rows.filter(kind__in=left).exists() else ()


def _give_up_forgotten(now):
    """What writes and nobody has been at for a week counts as given up: neither the file of an import nor what an undo left so far
    is kept for ever. What an import applied stays, its lists for a week more; an undo can be begun again.
    """
    week, state = dt.timedelta(days=REJECTED_KEPT_DAYS), ImportRun.State
    for run in _heard_of().filter(state__in=(state.APPLYING, state.UNDOING), heard_of_at__lte=now - week):
        applied = run.state == state.APPLYING
        ended = {"expires_at": now + week, "refusal": str(FORGOTTEN)} if applied else {"expires_at": None}
        with journal.unit_of_work(by=None, role="system", operator=run.operator, run=run.pk):
            if not _as_known(run).update(state=state.CANCELLED, **ended):
                continue
            if not applied:
                discard_lists(run)
            journal.record("import.cancel", object_type="importrun", uid=run.uid, count=run.rows_done)
        discard(run)


def _purge_left_behind(now):
    """Files of runs that have no use for them any more: a process was killed between the end of the run and the end of its files."""
    files = {}
    for path in _folder().iterdir():
        if match := OF_A_RUN.fullmatch(path.name):
            files.setdefault(uuid.UUID(match[1]), []).append(path)
    open_or_at_work = models.Q(state__in=(*ImportRun.OPEN, *ImportRun.AT_WORK))
    runs = ImportRun.objects.filter(uid__in=files)
    in_use = set(runs.filter(open_or_at_work).values_list("uid", flat=True))
    with_lists = in_use | set(runs.filter(expires_at__isnull=False).values_list("uid", flat=True))
    a_while_ago = (now - dt.timedelta(hours=settings.IMPORT_FILE_LIFETIME_HOURS)).timestamp()
    a_week_ago = (now - dt.timedelta(days=REJECTED_KEPT_DAYS)).timestamp()  # what a report points at is gone by then
    for uid, paths in files.items():
        for path in paths:
            if uid not in (in_use if path.suffix in OF_A_STEP else with_lists):
                _unlink_older(path, a_week_ago if path.suffix == OWED else a_while_ago)


def _purge_spooled(now):
    """Uploads of any kind whose process was killed while they came in: they are no run's yet, and nobody else deletes them."""
    a_day_ago = (now - dt.timedelta(hours=SPOOLED_HOURS)).timestamp()
    for path in Path(settings.FILE_UPLOAD_TEMP_DIR).glob(SPOOLED):
        _unlink_older(path, a_day_ago)


def _unlink_older(path, moment):
    with suppress(FileNotFoundError):
        if path.stat().st_mtime < moment:
            path.unlink()


def _folder():
    folder = Path(settings.PRIVATE_DIR) / "imports"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _create(path, mode):
    """A new file that nobody else on the machine can read."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    return os.fdopen(descriptor, mode, **({} if "b" in mode else {"encoding": "utf-8"}))
