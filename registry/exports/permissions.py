"""The file that closes the loop: what the CRM may do with whom, by CRM id, decided by the same gate as everything else."""

import datetime as dt
from array import array
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from registry.exports import runs, tables
from registry.exports.shared_addresses import blocks_of_iins, opted_out_elsewhere, sharing
from registry.exports.stream import end
from registry.exports.trace import TRACE, Marks
from registry.journal import record, unit_of_work
from registry.journal.history import history_model
from registry.models import (
    Agreement,
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
from registry.rules.permissions import GONE, Permissions, PersonFacts, of_nobody, permissions

COLUMNS = (
    "crm_id", "may_mail", "may_call", "may_message", "may_transfer", "blocked", "to_be_removed", "since", "why",
)  # fmt: skip
CHUNK_PEOPLE = 1000
RULES = 2  # another number wherever other answers follow from the same facts: the next file is a whole one
# What decides for everybody at once: after a change of it the next file is a whole one.
OF_EVERYBODY = (
    "operator", "operatorlaw", "purpose", "legalbasis", "activitypurpose", "processingactivity", "grounddecision", "norm",
)  # fmt: skip


class Row(NamedTuple):
    """A row of the file: a CRM id, the uid of whom it is about, what is allowed."""

    crm_id: str
    about: UUID
    allowed: Permissions


class PermissionsFile:
    """The people of an operator who have a CRM id, each with what is allowed at `at`.

    Incremental, it holds those whose answer may have changed since the run before: touched in the journal since, or by the
    calendar, for a consent or agreement that began or ended meanwhile, or sharing an address with somebody whose opt-out or block
    did. It is whole where that is asked for, without a run before it, and where something changed that decides for everybody: by
    an entry, by the last day of a decision about a ground, or in the rules of this file.

    Whole or not, it closes the CRM ids that somebody had at the `last` run or since, and that are nobody's now: the CRM would go
    by the last word it has of them, and the next file goes on from this one.
    """

    def __init__(self, operator, at, *, whole=False):
        self.operator, self.at, self.on = operator, at, day_of(at)
        self.seq = JournalHead.objects.filter(pk=1).values_list("seq", flat=True).first() or 0
        self.last = self.before = last_run(operator)
        if whole or self.last is not None and self.is_about_everybody():
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
        return {"seq": self.seq, "on": self.on.isoformat(), "rules": RULES, "since_run": since}

    def is_about_everybody(self):
        """Whether something changed since the last file that decides for all."""
        return self.last.filter.get("rules") != RULES or self.changed_for_everybody() or self.decisions_turned()

    def changed_for_everybody(self):
        entries = JournalEntry.objects.filter(
            seq__gt=self.last.filter["seq"], object_type__in=OF_EVERYBODY, history_id__isnull=False
        )
        return entries.filter(models.Q(operator=self.operator.code) | models.Q(operator="")).exists()

    @property
    def last_on(self):
        """The day of the file before."""
        return dt.date.fromisoformat(self.last.filter["on"])

    def decisions_turned(self):
        """Whether a decision about a ground, on which anybody may rest, began or ended by the calendar between the two days."""
        began = models.Q(valid_from__gt=self.last_on, valid_from__lte=self.on)
        ended = models.Q(valid_until__gte=self.last_on, valid_until__lt=self.on)
        return GroundDecision.objects.filter(began | ended, operator=self.operator, revoked_at=None).exists()

    def people(self):
        found = DataSubject.objects.filter(operator=self.operator, crm_id__isnull=False).select_related("operator")
        if self.before is None:
            return found
        # Each is a query of its own: PostgreSQL would look through what several conditions in one ask for once a person.
        touched = DataSubject.objects.filter(operator=self.operator, uid__in=self.touched()).order_by().values("pk")
        shared = sharing(self.operator, self.before.filter["seq"], self.stopped_until_now())
        return found.filter(pk__in=touched.union(*self.turned(), *shared))

    def touched(self):
        """Uids of the people of whom something was written since."""
        written = JournalSubject.objects.filter(
            entry__seq__gt=self.before.filter["seq"], entry__history_id__isnull=False
        )
        return written.filter(entry__operator=self.operator.code).values("uid")

    def turned(self):
        """Ids, in queries, of those whose ground began or ended by the calendar alone, between the two days."""
        last = self.last_on
        between = {"gt": last, "lte": self.on}
        began = models.Q(**{f"given_on__{how}": day for how, day in between.items()})
        day = dt.timedelta(days=1)
        ended = models.Q(expires_on__gte=last, expires_on__lt=self.on) | models.Q(
            ended_on__gte=last - day, ended_on__lt=self.on
        )
        consents = Consent.objects.filter(began | ended, operator=self.operator)
        agreements = Agreement.objects.filter(operator=self.operator, ended_on__gte=last, ended_on__lt=self.on)
        return [*(found.order_by().values("subject_id") for found in (consents, agreements)), self.stopped_until_now()]

    def stopped_until_now(self):
        """Those of whom an opt-out ended by the calendar alone, between the two days."""
        ended = Suppression.objects.filter(operator=self.operator, ended_on__gte=self.last_on, ended_on__lt=self.on)
        return ended.order_by().values("subject_id")

    @cached_property
    def opted_out_elsewhere(self):
        return opted_out_elsewhere(self.operator, self.on)

    @cached_property
    def blocks_of_iins(self):
        return blocks_of_iins(self.operator)

    def gone(self):
        """Rows of history by which people lost a CRM id (`was`) since the last run, of ids that nobody has now."""
        if self.last is None:
            return self.lost(())
        written = JournalEntry.objects.filter(
            operator=self.operator.code, object_type="datasubject", seq__gt=self.last.filter["seq"]
        )
        # The entry of a change names its fields.
        lost = models.Q(action="delete") | models.Q(action="change", body__contains='"crm_id"')
        return self.lost(written.filter(lost).values("history_id"))

    def lost(self, history_ids):
        """Of these rows of history those before which the person had an id that is nobody's now."""
        history = history_model(DataSubject).objects.order_by()
        earlier = history.filter(id=models.OuterRef("id"), history_id__lt=models.OuterRef("history_id"))
        was = models.Subquery(earlier.order_by("-history_id").values("crm_id")[:1])
        rows = history.filter(history_id__in=history_ids).annotate(was=was).filter(was__isnull=False)
        return rows.exclude(
            models.Exists(DataSubject.objects.filter(operator=self.operator, crm_id=models.OuterRef("was")))
        )

    def keys(self):
        """Of each row its key, by CRM id: of a person, or with a minus of the last row of history by which an id was lost."""
        gone = self.gone().annotate(key=-models.F("history_id")).values_list("was", "key")
        both = self.people().order_by().values_list("crm_id", "pk").union(gone, all=True).order_by("crm_id", "pk")
        keys, before = array("q"), None
        for crm_id, key in both.iterator(chunk_size=10_000):
            if crm_id != before:
                keys.append(key)
            before = crm_id
        return keys

    def chunks(self) -> Iterator[list[Row]]:
        """Lists of rows, by CRM id."""
        keys = self.keys()
        for start in range(0, len(keys), CHUNK_PEOPLE):
            piece = keys[start : start + CHUNK_PEOPLE].tolist()
            found = self.of_people([key for key in piece if key > 0]) | self.of_ids([-key for key in piece if key < 0])
            yield [found[key] for key in piece if key in found]

    def of_ids(self, history_ids):
        """Rows that close ids which were lost, by key."""
        lost, blocked = list(self.lost(history_ids)), {}
        standing = Block.objects.standing().filter(subject__uid__in=[row.uid for row in lost])
        for uid, set_at in standing.values_list("subject__uid", "set_at"):
            blocked[uid] = min(day_of(set_at), blocked.get(uid, dt.date.max))
        rows = {}
        for row in lost:
            elsewhere = min(self.blocks_of_iins.get(row.iin, {}).values(), default=None)
            allowed = of_nobody(day_of(row.history_date), blocked.get(row.uid), elsewhere)
            rows[-row.history_id] = Row(row.was, row.uid, allowed)
        return rows

    def of_people(self, keys):
        """Rows of people, by key."""
        people = DataSubject.objects.filter(pk__in=keys, crm_id__isnull=False).select_related("operator")
        return {
            person.pk: Row(person.crm_id, person.uid, permissions(facts))
            for person, facts in self.facts_of_people(people)
        }

    def facts_of_people(self, people) -> Iterator[tuple[DataSubject, PersonFacts]]:
        """What decides about each of them, their operator read along."""
        people, stopped, blocked = list(people), {}, {}
        keys = [person.pk for person in people]
        for subject, channel, since in (
            Suppression.objects.live(self.on).filter(subject__in=keys).values_list("subject", "channel", "since_on")
        ):
            stopped.setdefault(subject, []).append((channel, since))
        for subject, activity, set_at in (
            Block.objects.standing().filter(subject__in=keys).values_list("subject", "activity", "set_at")
        ):
            since = blocked.setdefault(subject, {})
            since[activity] = min(day_of(set_at), since.get(activity, dt.date.max))
        for standing in standings(people):
            pk, person = standing.subject.pk, standing.subject
            facts = self.facts(standing, blocked.get(pk, {}), self.blocks_of_iins.get(person.iin, {}))
            yield (
                person,
                facts._replace(
                    opted_out=tuple(stopped.get(pk, ())),
                    opted_out_elsewhere=tuple(self.opted_out_elsewhere.get(pk, {}).items()),
                ),
            )

    def facts(self, standing, blocked, elsewhere):
        """Of a person but for opt-outs. What is blocked, of this record and of others with the IIN: activities by their ids, None for
        everything, each with its day. Purposes they serve are not served; where nothing else is left the person is blocked.
        """
        held = blocked.keys() | elsewhere.keys()
        grounds, given = [], {each.pk: each for each in standing.consents}
        transferable = False
        for purpose, bases in self.purposes:
            ground = live_ground(facts_of(standing, purpose, bases, self.on))
            if ground is None or self.activities[purpose.pk] & held:
                continue
            consent = given.get(ground.pk) if ground.kind == "consent" else None
            transferable = transferable or bool(consent and consent.third_parties)
            grounds.append((ground.kind, consent.given_on if consent else None))
        withdrawn = [day_of(each.withdrawn_at) for each in standing.consents if each.withdrawn_at]
        ended = [each.expires_on for each in standing.consents if each.expires_on and each.expires_on < self.on]
        since, elsewhere_since = (
            each.get(None) if grounds else min(each.values(), default=None) for each in (blocked, elsewhere)
        )
        return PersonFacts(
            since is not None, since, tuple(grounds), (), transferable, max(withdrawn, default=None),
            max(ended, default=None), blocked_elsewhere_since=elsewhere_since,
        )  # fmt: skip


def last_run(operator):
    """The last file for the CRM that was made whole. A spreadsheet is none; of runs before there were such nothing says the format."""
    made = ExportRun.objects.filter(operator=operator, kind=ExportRun.Kind.PERMISSIONS, finished_at__isnull=False)
    for_crm = models.Q(filter__format="csv") | ~models.Q(filter__has_key="format")
    return made.filter(for_crm).order_by("-pk").first()


class Export:
    """The file as an export run: journalled before the first byte and after the last, each chunk with whom it is about before it
    leaves.

    Whoever reads it to its end has it. Who must also put it somewhere writes `sealed` and says `finish` when it is there: the
    next file goes on from a finished one. As xlsx it is for people: no file goes on from that. ValidationError where somebody, not
    the system, gives no reason.
    """

    def __init__(self, operator, *, by, role, reason="", whole=False, format="csv", at=None):
        if by is not None:
            runs.say_why(reason)
        self.file = PermissionsFile(operator, at or timezone.now(), whole=whole)
        self.role, self.gone = role, 0  # of its rows, those that close an id
        self.sealed = self.as_format(format)
        asked = self.file.asked | {"format": format}
        self.run = runs.start(
            ExportRun.Kind.PERMISSIONS, by=by, role=role, operator=operator, reason=reason, filter=asked
        )
        self.marks = Marks(self.run.salt)

    def __iter__(self):
        yield from self.sealed
        self.finish()

    def finish(self):
        runs.finish(self.run, count=self.sealed.count, digest=self.sealed.digest, role=self.role)

    def as_format(self, format):
        """The file as csv or xlsx. ValueError where it is another one."""
        return tables.file(format, [*COLUMNS, TRACE], self.cells(), sheet=_("Permissions"), end=self.end)

    def end(self, count, sha256):
        """The cells of the trailer: which export it is, and that it is whole, or the one since which it tells what changed."""
        before = self.file.before
        extent = ["since", str(before.uid)] if before else ["whole", "yes"]
        return [*end(count, sha256, self.run.uid), *extent]

    def cells(self):
        for rows in self.file.chunks():
            self.tell(rows)
            for row in rows:
                cells = [row.crm_id, *(_said(value) for value in row.allowed)]
                yield [*cells, self.marks(cells)]
            self.gone += sum(row.allowed.why == GONE for row in rows)

    def tell(self, rows):
        uids = list(dict.fromkeys(row.about for row in rows))
        if uids:
            with unit_of_work(by=self.run.started_by, role=self.role, operator=self.run.operator):
                record("list", object_type="datasubject", uids=uids, count=len(rows), run=self.run.pk)


def _said(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, dt.date) else value or ""
