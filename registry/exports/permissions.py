"""The file that closes the loop: what the CRM may do with whom, by CRM id, decided by the same gate as everything else."""

import datetime as dt
from collections.abc import Iterator

from django.db import models
from django.utils import timezone

from registry.exports import runs
from registry.exports.stream import csv_file, end
from registry.exports.trace import TRACE, Marks
from registry.journal import record, unit_of_work
from registry.models import (
    Block,
    Consent,
    DataSubject,
    ExportRun,
    GroundDecision,
    JournalEntry,
    JournalHead,
    JournalSubject,
    Purpose,
    Suppression,
)
from registry.models.grounding import facts_of, standings, with_bases
from registry.rules.deadlines import day_of
from registry.rules.grounds import live_ground
from registry.rules.permissions import PersonFacts, permissions

COLUMNS = (
    "crm_id", "may_mail", "may_call", "may_message", "may_transfer", "blocked", "to_be_removed", "since", "why",
)  # fmt: skip
CHUNK_PEOPLE = 1000
# What decides for everybody at once: after a change of it the next file is a whole one.
OF_EVERYBODY = (
    "operator", "operatorlaw", "purpose", "legalbasis", "activitypurpose", "processingactivity", "grounddecision", "norm",
)  # fmt: skip


class PermissionsFile:
    """The people of an operator who have a CRM id, each with what is allowed at `at`.

    Incremental, it holds those whose answer may have changed since the run before: touched in the journal since, or by the
    calendar, for a consent or agreement that began or ended meanwhile. Without a run before it, or where something changed that
    decides for everybody, by an entry or by the last day of a decision about a ground, it is whole.
    """

    def __init__(self, operator, at, *, whole=False):
        self.operator, self.at, self.on = operator, at, day_of(at)
        self.seq = JournalHead.objects.filter(pk=1).values_list("seq", flat=True).first() or 0
        self.before = None if whole else last_run(operator)
        if self.before is not None and (self.changed_for_everybody() or self.decisions_turned()):
            self.before = None
        purposes = Purpose.objects.filter(operator=operator).select_related("operator").order_by("code")
        self.purposes = with_bases(purposes, self.on)
        self.activities = {
            purpose.pk: frozenset(purpose.activities.values_list("activity", flat=True))
            for purpose, _bases in self.purposes
        }

    @property
    def asked(self):
        """What the run keeps of it: from where the next one goes on."""
        since = self.before.pk if self.before else None
        return {"seq": self.seq, "on": self.on.isoformat(), "since_run": since}

    def changed_for_everybody(self):
        entries = JournalEntry.objects.filter(
            seq__gt=self.before.filter["seq"], object_type__in=OF_EVERYBODY, history_id__isnull=False
        )
        return entries.filter(models.Q(operator=self.operator.code) | models.Q(operator="")).exists()

    @property
    def last_on(self):
        """The day of the file before."""
        return dt.date.fromisoformat(self.before.filter["on"])

    def decisions_turned(self):
        """Whether a decision about a ground, on which anybody may rest, began or ended by the calendar between the two days."""
        began = models.Q(valid_from__gt=self.last_on, valid_from__lte=self.on)
        ended = models.Q(valid_until__gte=self.last_on, valid_until__lt=self.on)
        return GroundDecision.objects.filter(began | ended, operator=self.operator, revoked_at=None).exists()

    def people(self):
        found = DataSubject.objects.filter(operator=self.operator, crm_id__isnull=False).select_related("operator")
        if self.before is None:
            return found
        return found.filter(models.Q(uid__in=self.touched()) | models.Q(pk__in=self.turned()))

    def touched(self):
        """Uids of the people of whom something was written since."""
        written = JournalSubject.objects.filter(
            entry__seq__gt=self.before.filter["seq"], entry__history_id__isnull=False
        )
        return written.filter(entry__operator=self.operator.code).values("uid")

    def turned(self):
        """Those whose ground began or ended by the calendar alone, between the two days."""
        last = self.last_on
        between = {"gt": last, "lte": self.on}
        began = models.Q(**{f"given_on__{how}": day for how, day in between.items()})
        day = dt.timedelta(days=1)
        ended = models.Q(expires_on__gte=last, expires_on__lt=self.on) | models.Q(
            ended_on__gte=last - day, ended_on__lt=self.on
        )
        consents = Consent.objects.filter(began | ended, operator=self.operator).values("subject")
        agreements = models.Q(agreements__ended_on__gte=last, agreements__ended_on__lt=self.on)
        stopped = models.Q(suppressions__ended_on__gte=last, suppressions__ended_on__lt=self.on)
        others = DataSubject.objects.filter(agreements | stopped, operator=self.operator).values("pk")
        return DataSubject.objects.filter(models.Q(pk__in=consents) | models.Q(pk__in=others)).values("pk")

    def rows(self) -> Iterator[tuple]:
        """A row a person, by CRM id."""
        keys = list(self.people().order_by("crm_id").values_list("pk", flat=True))
        for start in range(0, len(keys), CHUNK_PEOPLE):
            yield from self.chunk(keys[start : start + CHUNK_PEOPLE])

    def chunk(self, keys):
        people = DataSubject.objects.filter(pk__in=keys).select_related("operator").order_by("crm_id")
        stopped, blocked, held = {}, {}, {}
        for subject, channel, since in (
            Suppression.objects.live(self.on).filter(subject__in=keys).values_list("subject", "channel", "since_on")
        ):
            stopped.setdefault(subject, []).append((channel, since))
        for subject, activity, set_at in (
            Block.objects.standing().filter(subject__in=keys).values_list("subject", "activity", "set_at")
        ):
            since = blocked if activity is None else held.setdefault(subject, {})
            place = subject if activity is None else activity
            since[place] = min(day_of(set_at), since.get(place, dt.date.max))
        for standing in standings(people):
            pk = standing.subject.pk
            yield standing.subject, self.row(standing, tuple(stopped.get(pk, ())), blocked.get(pk), held.get(pk, {}))

    def row(self, standing, opted_out, blocked_since, held):
        """`held`: the activities that are blocked, and since when. Purposes they serve are not served; where nothing else is
        left the person is blocked.
        """
        grounds, given = [], {each.pk: each for each in standing.consents}
        transferable = False
        for purpose, bases in self.purposes:
            ground = live_ground(facts_of(standing, purpose, bases, self.on))
            if ground is None or self.activities[purpose.pk] & held.keys():
                continue
            consent = given.get(ground.pk) if ground.kind == "consent" else None
            transferable = transferable or bool(consent and consent.third_parties)
            grounds.append((ground.kind, consent.given_on if consent else None))
        withdrawn = [day_of(each.withdrawn_at) for each in standing.consents if each.withdrawn_at]
        ended = [each.expires_on for each in standing.consents if each.expires_on and each.expires_on < self.on]
        if held and not grounds:
            blocked_since = min([*held.values(), *filter(None, [blocked_since])])
        facts = PersonFacts(
            blocked_since is not None, blocked_since, tuple(grounds), opted_out, transferable,
            max(withdrawn, default=None), max(ended, default=None),
        )  # fmt: skip
        return permissions(facts)


def last_run(operator):
    """The last file that was made whole."""
    made = ExportRun.objects.filter(operator=operator, kind=ExportRun.Kind.PERMISSIONS, finished_at__isnull=False)
    return made.order_by("-pk").first()


class Export:
    """The file as an export run: journalled before the first byte and after the last, each chunk with whom it is about.

    Whoever reads it to its end has it. Who must also put it somewhere writes `sealed` and says `finish` when it is there: the
    next file goes on from a finished one.
    """

    def __init__(self, operator, *, by, role, reason="", whole=False, at=None):
        self.file = PermissionsFile(operator, at or timezone.now(), whole=whole)
        self.role = role
        self.run = runs.start(
            ExportRun.Kind.PERMISSIONS, by=by, role=role, operator=operator, reason=reason, filter=self.file.asked
        )
        self.marks = Marks(self.run.salt)
        self.sealed = csv_file([], [*COLUMNS, TRACE], self.cells(), end=self.end)

    def __iter__(self):
        yield from self.sealed
        self.finish()

    def finish(self):
        runs.finish(self.run, count=self.sealed.count, digest=self.sealed.digest, role=self.role)

    def end(self, count, sha256):
        return [*end(count, sha256), "export", str(self.run.uid)]

    def cells(self):
        shown = []
        for subject, allowed in self.file.rows():
            shown.append(subject.uid)
            cells = [subject.crm_id, *(_said(value) for value in allowed)]
            yield [*cells, self.marks(cells)]
            if len(shown) == CHUNK_PEOPLE:
                self.tell(shown)
                shown = []
        self.tell(shown)

    def tell(self, uids):
        if uids:
            with unit_of_work(by=self.run.started_by, role=self.role, operator=self.run.operator):
                record("list", object_type="datasubject", uids=uids, count=len(uids), run=self.run.pk)


def _said(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, dt.date) else value or ""
