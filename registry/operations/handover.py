"""The hand-over of people's data to whoever acquires the business: one act, and everybody it concerns is owed a word of it."""

import datetime as dt
from functools import reduce
from itertools import chain
from operator import or_
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from registry import journal
from registry.choices import Trigger
from registry.imports.storage import AlreadyTaken
from registry.journal import bulk
from registry.journal.bulk import Written
from registry.journal.turns import checkpoint
from registry.models import (
    ActivityPurpose,
    Agreement,
    Block,
    Consent,
    DataSubject,
    Disclosure,
    DisclosureCategory,
    HandOverRun,
    Obligation,
    Recipient,
    SubjectInCategory,
    SubjectPurpose,
)
from registry.models.deadline import first_due
from registry.models.disclosing import act_facts, category_facts, of_person, purposes_of
from registry.models.gate import refuse
from registry.models.grounding import standings
from registry.rules.deadlines import start_of
from registry.rules.disclosures import act_blockers, category_blockers, person_blockers
from registry.rules.grounds import BY_CONTRACT

State = HandOverRun.State
CHUNK = 1000
# More people than these are the worker's work, and are not looked at one by one beforehand.
MOST_AT_ONCE = 5000


class HandOver(NamedTuple):
    """What is handed over to whom, from when on, and on which ground: consent, or a norm."""

    recipient: Recipient
    activities: tuple
    on: dt.date
    ground: str
    norm: object = None


class HandedOver(NamedTuple):
    """People of one hand-over: whose data go, who is left out because blocked or without a ground, and who went before."""

    people: int = 0
    blocked: int = 0
    without_ground: int = 0
    before: int = 0

    def __add__(self, other):
        return HandedOver(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def begin(said: HandOver, *, by, at, role="", reason="") -> HandOverRun:
    """Notes the act, for `hand_over` to carry out. Raises ValidationError where the act itself is refused; nothing has left yet."""
    refuse_act(said)
    operator = said.recipient.operator
    with journal.unit_of_work(by=by, role=role, operator=operator, reason=reason):
        run = HandOverRun.objects.create(
            operator=operator, recipient=said.recipient, handed_over_on=said.on, ground=said.ground, norm=said.norm, reason=reason,
            begun_at=at, begun_by=by, step_by=by, step_role=role, step_began_at=at, alive_at=at,
            rows_expected=concerned(said).count(),
        )  # fmt: skip
        run.activities.set(said.activities)
        journal.record("handover.begin", object_type="handoverrun", uid=run.uid, count=run.rows_expected)
    return run


def hand_over(run: HandOverRun, *, by, role="", progress=None) -> HandOverRun:
    """Records that the data went to the acquirer, person by person, and that each is to be told of it.

    In chunks, each one transaction with its history rows and entries: cut off, it goes on where it stood when it is called again.
    Raises ValidationError where the act itself is refused by now, AlreadyTaken where somebody else is at it or gave it up; a
    person who is blocked or without a ground is left out and counted.
    """
    said = said_of(run)
    refuse_act(said)
    actor = {"by": by, "role": role, "operator": run.operator, "reason": run.reason}
    for chunk in chunks(concerned(said), run.last_subject):
        with journal.unit_of_work(**actor):
            locked(run)
            list(DataSubject.objects.select_for_update().filter(pk__in=chunk).order_by("pk").values_list("pk"))
            advance(run, chunk, write(said, outcome(said, chunk)))
        checkpoint()
        if progress:
            progress(run.rows_done)
    with journal.unit_of_work(**actor):
        end(locked(run), State.HANDED_OVER, by=by, at=timezone.now())
        journal.record("handover.finish", object_type="handoverrun", uid=run.uid, count=run.people)
    run.refresh_from_db()
    return run


def cancel(run: HandOverRun, *, by, at, role=""):
    """Gives up the rest: whoever went has gone and is to be told, nobody else goes. AlreadyTaken where it is at its end."""
    with journal.unit_of_work(by=by, role=role, operator=run.operator):
        stored = given_up(run, by=by, at=at)
        journal.record("handover.cancel", object_type="handoverrun", uid=run.uid, count=stored.people)
    run.refresh_from_db()


def said_of(run):
    """The act as it was said when it began."""
    return HandOver(run.recipient, tuple(run.activities.order_by("pk")), run.handed_over_on, run.ground, run.norm)


def locked(run):
    """The run as it is stored, held until the transaction ends. AlreadyTaken where it is not where this process knows it to be."""
    stored = type(run).objects.select_for_update().get(pk=run.pk)
    if not stored.is_at_work or stored.rows_done != run.rows_done:
        raise AlreadyTaken
    return stored


def advance(run, chunk, counts):
    """Counts a chunk, in the transaction that writes it."""
    run.last_subject, run.rows_done, run.alive_at = chunk[-1], run.rows_done + len(chunk), timezone.now()
    for kind, count in counts._asdict().items():
        setattr(run, kind, getattr(run, kind) + count)
    run.save(update_fields=["last_subject", "rows_done", "alive_at", *HandedOver._fields])


def end(run, state, *, by, at):
    run.state, run.ended_at, run.ended_by = state, at, by
    run.save(update_fields=["state", "ended_at", "ended_by"])


def given_up(run, *, by, at):
    """The run as it is stored, ended before its end, in the transaction that says so. AlreadyTaken where it has ended."""
    stored = type(run).objects.select_for_update().get(pk=run.pk)
    if not stored.is_at_work:
        raise AlreadyTaken
    end(stored, run.State.CANCELLED, by=by, at=at)
    return stored


def preview(said: HandOver) -> HandedOver:
    """What a hand-over would do now; nothing is written. Raises what `begin` would raise."""
    refuse_act(said)
    return sum((outcome(said, chunk).counts for chunk in chunks(concerned(said))), HandedOver())


def refuse_act(said):
    """The gate, as far as it does not depend on the person: the recipient, the day, the ground, each category."""
    if said.recipient.kind != Recipient.Kind.ACQUIRER:
        raise ValidationError(_("“%s” does not acquire the business. Choose an acquirer.") % said.recipient)
    if not said.activities:
        raise ValidationError(_("Choose the activities whose data are handed over."))
    found = []
    for activity in said.activities:
        facts = act_facts(disclosure_of(said, activity))
        found += act_blockers(facts)
        facts = facts._replace(of_one_person=True)
        for category in categories_of(activity):
            found += [
                each for each in category_blockers(facts, category_facts(category)) if each.code == "no-undertaking"
            ]
    refuse(list(dict.fromkeys(found)), operator=said.recipient.operator)


def disclosure_of(said, activity, subject=None):
    return Disclosure(
        operator=said.recipient.operator, activity=activity, recipient=said.recipient, subject=subject, ground=said.ground,
        norm=said.norm, disclosed_on=said.on, is_handover=True, given="",
    )  # fmt: skip


def categories_of(activity):
    """Data categories that the activity needs, each once."""
    return list(
        {
            link.data_category_id: link.data_category
            for link in activity.data_categories.select_related("data_category")
        }.values()
    )


def concerned(said):
    """People whom one of the activities is about, but for those of whom nothing is left that could go."""
    people = DataSubject.objects.filter(operator=said.recipient.operator).exclude(
        state=DataSubject.State.DEPERSONALISED
    )
    mine = [Exists(rows.filter(subject=OuterRef("pk"))) for rows in records_about(said.activities, said.on)]
    return people.filter(reduce(or_, mine)).order_by("pk")


def records_about(activities, on):
    """Querysets of the records of people by which these activities are about them on that day: a purpose that their data serve, a
    consent to one, an agreement where a purpose rests on agreements, a category of people.

    Whether what they agreed to is a ground is for the gate to say: who has none is left out and counted.
    """
    of_purpose = {"purpose__activities__activity__in": activities}
    records = [
        SubjectPurpose.objects.live(on).filter(**of_purpose),
        Consent.objects.in_force(on).filter(**of_purpose),
        SubjectInCategory.objects.filter(category__activities__activity__in=activities),
    ]
    if ActivityPurpose.objects.filter(activity__in=activities, basis__kind__in=BY_CONTRACT).exists():
        records.append(Agreement.objects.running(on))
    return records


def chunks(people, last=0):
    """Ids after `last` in their order, so many at a time; people who come meanwhile stand at the end."""
    while chunk := list(people.filter(pk__gt=last).values_list("pk", flat=True)[:CHUNK]):
        yield chunk
        last = chunk[-1]


def chunks_of(keys):
    """The keys so many at a time."""
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


class Outcome(NamedTuple):
    """Of a chunk: (person, activity) that go, and the count of people."""

    going: list
    counts: HandedOver


def outcome(said, chunk) -> Outcome:
    """Who of these people goes with which activity, asking the gate for each."""
    people = DataSubject.objects.select_related("operator").filter(pk__in=chunk).order_by("pk")
    blocks = set(Block.objects.standing().filter(subject__in=chunk).values_list("subject", "activity"))
    past = Disclosure.objects.filter(is_handover=True, recipient=said.recipient, subject__in=chunk)
    went = set(past.values_list("subject", "activity"))
    asked = {activity: asked_of(said, activity) for activity in said.activities}
    reach = {activity: reached(activity, said.on, chunk) for activity in said.activities}
    going, kinds = [], []
    for standing in standings(people):
        pk, found = standing.subject.pk, set()
        for activity in said.activities:
            if pk not in reach[activity]:
                continue
            if (pk, activity.pk) in went:
                found.add("before")
            elif {(pk, None), (pk, activity.pk)} & blocks:
                found.add("blocked")
            elif refused(*asked[activity], standing):
                found.add("without_ground")
            else:
                found.add("people")
                going.append((standing.subject, activity))
        kinds.append(next((kind for kind in HandedOver._fields if kind in found), None))
    return Outcome(going, HandedOver(*(kinds.count(kind) for kind in HandedOver._fields)))


def asked_of(said, activity):
    """What the gate asks of an activity, once for everybody: facts, purposes, categories."""
    categories = [category_facts(category) for category in categories_of(activity)]
    return act_facts(disclosure_of(said, activity)), purposes_of(activity, said.on), categories


def refused(facts, purposes, categories, standing):
    """Whether the gate keeps this person's data back."""
    facts = of_person(facts, standing, purposes)
    return person_blockers(facts) or any(category_blockers(facts, category) for category in categories)


def reached(activity, on, chunk):
    """Those of these people whom the activity is about."""
    found = (rows.filter(subject__in=chunk) for rows in records_about([activity], on))
    return set(chain.from_iterable(rows.values_list("subject", flat=True) for rows in found))


def write(said, found) -> HandedOver:
    """The rows of a chunk, in bulk: disclosures, their categories, and one obligation a person."""
    operator = said.recipient.operator
    told = Obligation.objects.filter(
        recipient=said.recipient,
        what=Obligation.What.INFORM,
        subject__in=[person.pk for person, _activity in found.going],
    )
    owed = set(told.values_list("subject", flat=True))
    rule, due = first_due(operator, [Trigger.THIRD_PARTY_TRANSFER], start_of(said.on))
    disclosures = [
        Written(values_of(disclosure_of(said, activity, person)), person.uid) for person, activity in found.going
    ]
    bulk.write(Disclosure, disclosures, operator=operator.code)
    given = {activity: categories_of(activity) for activity in said.activities}
    categories = [
        Written(
            values_of(DisclosureCategory(operator=operator, disclosure_id=row.values["id"], data_category=category)),
            person.uid,
        )
        for row, (person, activity) in zip(disclosures, found.going, strict=True)
        for category in given[activity]
    ]
    bulk.write(DisclosureCategory, categories, operator=operator.code)
    people = {person.pk: person for person, _activity in found.going if person.pk not in owed}
    obligation = {"operator": operator, "recipient": said.recipient, "what": Obligation.What.INFORM, "due_on": due.on}
    obligations = [
        Written(values_of(Obligation(subject=person, norm=rule and rule.norm, **obligation)), person.uid)
        for person in people.values()
    ]
    bulk.write(Obligation, obligations, operator=operator.code)
    return found.counts


def values_of(record):
    """A new row as the bulk path takes it: without an id, with what follows from its fields."""
    fields = [field.attname for field in record._meta.concrete_fields if not field.primary_key]
    return {name: getattr(record, name) for name in fields} | record.derived()
