"""Grounds as they stand in the register: the facts the basis gate asks, and what happens where a ground has gone."""

from typing import Any, NamedTuple

from django.utils import timezone

from registry.choices import HandlingAct
from registry.journal import bulk
from registry.journal.bulk import Written
from registry.rules.blocking import block_blockers
from registry.rules.grounds import (
    MARKETING,
    PROCESSING,
    BasisFacts,
    ConsentFacts,
    Ground,
    GroundFacts,
    ground_blockers,
    live_ground,
)

from .activity import ProcessingActivity
from .activity_links import ActivityPurpose
from .consent import Agreement, Consent
from .gate import refuse
from .ground import GroundDecision, SubjectPurpose, not_this_ground
from .held import blocks_by_person, hold

# So many people are settled together: for a thousand SQLite would take `prefetch_related` of them for too deep a question.
AT_ONCE = 500


def ground_facts(subject, purpose, on) -> GroundFacts:
    """What the gate asks about a person and a purpose on a day."""
    [standing] = standings([subject])
    return facts_of(standing, purpose, bases_of(purpose, on), on)


def consent_facts(consent, on) -> ConsentFacts:
    ends = min((day for day in (consent.expires_on, consent.ended_on) if day), default=None)
    return ConsentFacts(
        consent.pk,
        consent.kind,
        stands=consent.term.stands_on(on) and (consent.ended_on is None or consent.ended_on >= on),
        is_withdrawn=consent.withdrawn_at is not None and timezone.localdate(consent.withdrawn_at) <= on,
        is_implied=bool(consent.is_implied),
        lacks=tuple(str(item.message) for item in consent.missing),
        ends_on=ends,
        is_separate=consent.is_separate,
        third_parties=consent.third_parties,
    )


def bases_of(purpose, on) -> tuple[BasisFacts, ...]:
    """The grounds that the activities of the purpose declare, those a law knows first."""
    [(_purpose, bases)] = with_bases([purpose], on)
    return bases


def with_bases(purposes, on) -> list[tuple[Any, tuple[BasisFacts, ...]]]:
    """These purposes of one operator, each with its `bases_of`: three queries, however many they are."""
    purposes = list(purposes)
    if not purposes:
        return []
    links = ActivityPurpose.objects.filter(purpose__in=purposes, basis__isnull=False).select_related("basis__norm")
    declared = {}
    for link in links.exclude(activity__status=ProcessingActivity.Status.ENDED):
        declared.setdefault(link.purpose_id, {})[link.basis_id] = link.basis
    laws = set(purposes[0].operator.laws.values_list("law", flat=True))
    bases = {pk for each in declared.values() for pk in each}
    decided = GroundDecision.objects.live(on).filter(basis__in=bases).order_by("valid_until")
    until = dict(decided.values_list("basis", "valid_until"))

    def facts(basis):
        return BasisFacts(basis.pk, str(basis), basis.kind, basis.known_under(laws), until.get(basis.pk))

    def of(purpose):
        found = map(facts, declared.get(purpose.pk, {}).values())
        return tuple(sorted(found, key=lambda basis: (not basis.is_known, basis.pk)))

    return [(purpose, of(purpose)) for purpose in purposes]


def serve(subject, purpose, *, on, ground: Ground | None = None) -> SubjectPurpose:
    """Lets the person's data serve the purpose from that day, on the ground that is live. ValidationError with every blocker."""
    ground = ground or live_ground(ground_facts(subject, purpose, on))
    record = SubjectPurpose(operator=subject.operator, subject=subject, purpose=purpose, since_on=on)
    if ground is None:
        refuse(ground_blockers(ground_facts(subject, purpose, on)), operator=subject.operator)
    take_ground(record, ground)
    record.full_clean()
    record.save()
    return record


def take_ground(record, ground):
    record.ground, record.until_on = ground.kind, ground.until
    record.consent_id = ground.pk if ground.kind == SubjectPurpose.Ground.CONSENT else None
    record.agreement_id = ground.pk if ground.kind == SubjectPurpose.Ground.AGREEMENT else None
    record.basis_id = ground.basis


def settle(on, **of) -> int:
    """Where a ground has gone, the data go on on another live one, or stop serving the purpose. Returns how many were stopped.

    `of` narrows it: subject=, purpose=, operator=. Called by whatever a ground rests on, when it changes. That may be many people's:
    they are written in bulk, with the history and the entries of a save().
    """
    groundless = SubjectPurpose.objects.filter(**of).groundless(on).order_by("subject_id")
    people = {}
    for operator, subject in groundless.values_list("operator__code", "subject").distinct():
        people.setdefault(operator, []).append(subject)
    return sum(
        _settle(of_operator[start : start + AT_ONCE], on, of, operator)
        for operator, of_operator in people.items()
        for start in range(0, len(of_operator), AT_ONCE)
    )


def _settle(people, on, of, operator):
    """How many of these people's purposes were stopped. They are read under the locks that whoever saves one waits for."""
    hold(people)
    # No joins: PostgreSQL takes the few that are found for one, and reads all people for each of them.
    found = SubjectPurpose.objects.filter(**of).filter(subject__in=people).groundless(on).order_by("subject_id", "pk")
    if not (records := list(found.prefetch_related("subject__operator", "purpose__operator"))):
        return 0
    withdrawn = withdrawn_among(record.consent_id for record in records if record.consent_id)
    before = [stored_values(record) for record in records]
    stopped = sum(not move(record, ground, on, withdrawn) for record, ground in with_grounds_left(records, on))
    written = [
        Written(values, record.subject.uid, was)
        for record, was in zip(records, before, strict=True)
        if (values := stored_values(record)) != was
    ]
    bulk.write(SubjectPurpose, written, operator=operator)
    if SubjectPurpose.objects.filter(pk__in=[record.pk for record in records]).groundless(on).exists():
        refuse([not_this_ground()], operator=records[0].operator)
    return stopped


def with_grounds_left(records, on):
    """Each of these purposes of people of one operator with the ground it may go on on; None where there is none."""
    of_purpose = {record.purpose_id: record for record in records}
    bases = {purpose.pk: found for purpose, found in with_bases((each.purpose for each in of_purpose.values()), on)}
    people = {record.subject_id: record.subject for record in records}
    standing = {each.subject.pk: each for each in standings(people.values())}
    blocks = blocks_by_person(people)
    activities = {pk: record.held_activities() for pk, record in of_purpose.items()} if blocks else {}
    for record in records:
        # To go on is a use, to stop is none.
        of_person = blocks.get(record.subject_id)
        if of_person and block_blockers(HandlingAct.USE, of_person, activities=activities[record.purpose_id]):
            yield record, None
        else:
            facts = facts_of(standing[record.subject_id], record.purpose, bases[record.purpose_id], on)
            yield record, live_ground(facts)


def withdrawn_among(consents):
    found = Consent.objects.filter(pk__in=set(consents), withdrawn_at__isnull=False).order_by()
    return set(found.values_list("pk", flat=True))


def move(record, ground, on, withdrawn):
    """To the ground, or to its end where there is none; whether it goes on. `withdrawn` are ids of consents."""
    if ground is not None:
        take_ground(record, ground)
        return True
    record.end(record.Stop.WITHDRAWN if record.consent_id in withdrawn else record.Stop.EXPIRED, on=on)
    return False


def stored_values(record):
    return {field.attname: getattr(record, field.attname) for field in record._meta.concrete_fields}


class Standing(NamedTuple):
    """What the register has of a person for the gate, for many people in a fixed number of queries."""

    subject: Any
    consents: list
    agreements: list


def standings(subjects) -> list[Standing]:
    """The consents and agreements of these people, newest first: two queries, however many they are."""
    people = list(subjects)
    of = {person.pk: Standing(person, [], []) for person in people}
    for consent in Consent.objects.filter(subject__in=of).order_by("-given_on", "-pk"):
        standing = of[consent.subject_id]
        # What `missing` reads is known already: nothing is asked for again, row by row.
        consent.subject, consent.operator = standing.subject, standing.subject.operator
        standing.consents.append(consent)
    for agreement in Agreement.objects.filter(subject__in=of).order_by("pk"):
        of[agreement.subject_id].agreements.append(agreement)
    return list(of.values())


def facts_of(standing, purpose, bases, on) -> GroundFacts:
    """As `ground_facts`, out of what was read for many people; `bases` are those of the purpose."""
    return GroundFacts(
        str(purpose),
        MARKETING if purpose.is_marketing else PROCESSING,
        tuple(consent_facts(each, on) for each in standing.consents if each.purpose_id == purpose.pk),
        bases,
        tuple((each.pk, each.ended_on) for each in standing.agreements if each.runs_on(on)),
    )
