"""The word to everybody of a hand-over: that all were told is recorded in one act, with each of them as if one by one."""

from array import array

from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, Max, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from registry import journal
from registry.journal import bulk
from registry.journal.bulk import Written
from registry.journal.turns import checkpoint
from registry.models import DataSubject, Disclosure, HandOverRun, Obligation, TellingRun
from registry.models.disclosure import check_told, place_in_list
from registry.models.planner import without
from registry.rules.deadlines import moment_on

from .handover import chunks_of, end, given_up, locked

State = TellingRun.State


def owed(handover):
    """What is owed to the people of this hand-over, one word each, whether they were told or not.

    Hand-overs go by the key of people: what one that was given up had come to is its own, the rest is the next one's.
    """
    went = Disclosure.objects.filter(
        subject__gt=given_up_before(handover),
        subject__lte=handover.last_subject,
        is_handover=True,
        recipient=handover.recipient_id,
        disclosed_on=handover.handed_over_on,
        activity__in=list(handover.activities.values_list("pk", flat=True)),
        subject=OuterRef("subject"),
    )
    found = Obligation.objects.filter(
        operator=handover.operator_id, recipient=handover.recipient_id, what=Obligation.What.INFORM
    )
    return found.filter(Exists(went)).order_by("pk")


def by_day(handover) -> list[dict]:
    """Of each day by which they are to be told (`due_on`): how many people are `waiting` for it, how many were `told`."""
    done, days = Q(done_at__isnull=False), owed(handover).order_by("due_on").values("due_on")
    with joined():
        return list(days.annotate(told=Count("pk", filter=done), waiting=Count("pk", filter=~done)))


def counted(handover) -> tuple[int, int]:
    """How many people are waiting for the word, and how many were told."""
    days = by_day(handover)
    return sum(day["waiting"] for day in days), sum(day["told"] for day in days)


def joined():
    """What was just handed over is joined as a whole. PostgreSQL, whose statistics do not know of it, would look through all of it
    for everybody who is to be told.
    """
    return without("nestloop")


def given_up_before(handover):
    """How far an earlier hand-over of the same had come that was given up; 0 where there was none."""
    earlier = HandOverRun.objects.filter(
        operator=handover.operator_id, recipient=handover.recipient_id, handed_over_on=handover.handed_over_on,
        activities__in=handover.activities.all(), state=HandOverRun.State.CANCELLED, pk__lt=handover.pk,
    )  # fmt: skip
    return earlier.aggregate(last=Max("last_subject"))["last"] or 0


def not_yet(handover):
    """Why it cannot be recorded yet that all were told, whatever is said of them; None where it can."""
    others = HandOverRun.objects.filter(operator=handover.operator_id, recipient=handover.recipient_id)
    if others.filter(state__in=HandOverRun.AT_WORK).exists():
        return _("The data are still being handed over. Record it when everybody has gone.")
    if handover.tellings.filter(state__in=TellingRun.AT_WORK).exists():
        return _("It is being recorded already.")
    return None


def refuse_telling(handover, *, on, how, at):
    """Raises ValidationError where it cannot be recorded that all were told: of the single word's rules, and of the hand-over's."""
    if refusal := not_yet(handover):
        raise ValidationError(refusal)
    check_told(at=moment_on(on, at), how=how, since=handover.handed_over_on)


def begin(handover, *, on, how, by, at, role="") -> TellingRun:
    """Notes that all were told, for `record_told` to carry out. Raises what `refuse_telling` raises."""
    expected, _told = counted(handover)
    with journal.unit_of_work(by=by, role=role, operator=handover.operator):
        refuse_telling(HandOverRun.objects.select_for_update().get(pk=handover.pk), on=on, how=how, at=at)
        run = TellingRun.objects.create(
            operator=handover.operator, handover=handover, told_on=on, how=how, begun_at=at, begun_by=by,
            step_by=by, step_role=role, step_began_at=at, alive_at=at, rows_expected=expected,
        )  # fmt: skip
        journal.record("telling.begin", object_type="tellingrun", uid=run.uid, count=expected)
    return run


def record_told(run: TellingRun, *, by, role="", progress=None) -> TellingRun:
    """Records it with everybody who is still to be told, in chunks, each one transaction with its history rows and entries.

    Whoever was told stays as recorded, so cut off it goes on where it stood when it is called again. AlreadyTaken where
    somebody else is at it or gave it up.
    """
    actor = {"by": by, "role": role, "operator": run.operator}
    with joined():
        waiting = array("q", owed(run.handover).open().values_list("pk", flat=True).iterator(chunk_size=10_000))
    for chunk in chunks_of(waiting):
        with journal.unit_of_work(**actor):
            locked(run)
            advance(run, write(run, chunk.tolist(), by=by))
        checkpoint()
        if progress:
            progress(run.rows_done)
    with journal.unit_of_work(**actor):
        end(locked(run), State.TOLD, by=by, at=timezone.now())
        journal.record("telling.finish", object_type="tellingrun", uid=run.uid, count=run.rows_done)
    run.refresh_from_db()
    return run


def cancel(run, *, by, at, role=""):
    """Gives up the rest: with whom it is recorded it stays recorded. AlreadyTaken where it is at its end."""
    with journal.unit_of_work(by=by, role=role, operator=run.operator):
        stored = given_up(run, by=by, at=at)
        journal.record("telling.cancel", object_type="tellingrun", uid=run.uid, count=stored.rows_done)
    run.refresh_from_db()


def advance(run, told):
    """Counts a chunk, in the transaction that writes it."""
    run.rows_done, run.alive_at = run.rows_done + told, timezone.now()
    run.save(update_fields=["rows_done", "alive_at"])


def write(run, chunk, *, by) -> int:
    """What `Obligation.fulfil` writes, for those of the chunk who were not told meanwhile; how many they are."""
    rows = list(Obligation.objects.open().select_for_update().filter(pk__in=chunk).order_by("pk").values())
    people = dict(DataSubject.objects.filter(pk__in=[row["subject_id"] for row in rows]).values_list("pk", "uid"))
    told = {"done_at": run.told_at, "done_by_id": by and by.pk, "how": run.how}
    told["urgent_on"] = place_in_list(None, run.told_at)
    written = [Written(row | told, people[row["subject_id"]], row) for row in rows]
    bulk.write(Obligation, written, operator=run.operator.code)
    return len(written)
