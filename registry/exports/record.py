"""The record of processing activities as it stood: what the layouts print, put together from history rows."""

from typing import NamedTuple

from registry import models as m
from registry.rules.activity import (
    ActivityFacts,
    DatabaseFacts,
    PurposeFacts,
    RecipientFacts,
    activation_blockers,
)
from registry.rules.compatibility import Incompatible, KeptFacts


class PurposeThen(NamedTuple):
    """A purpose of an activity with its basis and the lines of the list of necessary data."""

    link: object
    purpose: object
    basis: object
    needed: tuple


class ActivityThen(NamedTuple):
    """An activity with everything it was linked to."""

    row: object
    purposes: tuple[PurposeThen, ...]
    subject_categories: tuple
    recipients: tuple
    databases: tuple
    retention: tuple
    measures: tuple
    transfers: tuple
    lacking: tuple[str, ...]


def by_code(rows):
    return tuple(sorted((row for row in rows if row is not None), key=lambda row: (row.code, row.id)))


def has_ended(activity):
    return activity.status == m.ProcessingActivity.Status.ENDED


class Record:
    """The operator and its activities at a moment of the past."""

    def __init__(self, past):
        self.past = past
        self.operator = next(iter(past.rows(m.Operator).values()), None)
        self.law_ids = {row.law_id for row in past.rows(m.OperatorLaw).values()}
        self.laws = by_code(past.get(m.Law, pk) for pk in self.law_ids)
        self.responsible = self._responsible(past.moment.day)
        # A blocker is printed by its code, so the pairs need no names.
        self.incompatible = tuple(
            Incompatible(row.purpose_id, row.other_id, "", "") for row in past.rows(m.IncompatiblePurposes).values()
        )
        self.activities = [self._activity(row) for row in by_code(past.rows(m.ProcessingActivity).values())]

    def _responsible(self, on):
        in_office = [
            row
            for row in self.past.rows(m.ResponsiblePerson).values()
            if (row.appointed_on is None or row.appointed_on <= on)
            and (row.dismissed_on is None or row.dismissed_on >= on)
        ]
        return sorted(in_office, key=lambda row: (row.is_deputy, row.name, row.id))

    def _activity(self, row):
        purposes = tuple(sorted(self._purposes(row), key=lambda each: (each.purpose.code, each.link.id)))
        linked = {
            name: by_code(
                self.past.get(model, getattr(link, f"{key}_id")) for link in self.past.of(links, "activity", row.id)
            )
            for name, links, key, model in (
                ("subject_categories", m.ActivitySubjectCategory, "subject_category", m.SubjectCategory),
                ("recipients", m.ActivityRecipient, "recipient", m.Recipient),
                ("databases", m.ActivityDatabase, "database", m.Database),
                ("measures", m.ActivityMeasure, "measure", m.SecurityMeasure),
            )
        }
        retention = [
            (self.past.get(m.RetentionRule, link.rule_id), self.past.get(m.DataCategory, link.data_category_id))
            for link in self.past.of(m.ActivityRetention, "activity", row.id)
        ]
        retention.sort(key=lambda pair: (pair[0].code, pair[1].code if pair[1] else ""))
        transfers = by_code(self._transfers(row))
        activity = ActivityThen(row, purposes, retention=tuple(retention), transfers=transfers, lacking=(), **linked)
        return activity._replace(lacking=self._lacking(activity))

    def _transfers(self, activity):
        """Those that had not ended: running, suspended, or still to begin."""
        on = self.past.moment.day
        rows = self.past.of(m.CrossBorderTransfer, "activity", activity.id)
        return [row for row in rows if row.ended_on is None or row.ended_on >= on]

    def _purposes(self, activity):
        for link in self.past.of(m.ActivityPurpose, "activity", activity.id):
            needed = [
                (each, self.past.get(m.DataCategory, each.data_category_id))
                for each in self.past.of(m.ActivityDataCategory, "activity_purpose", link.id)
            ]
            needed.sort(key=lambda pair: pair[1].code)
            purpose = self.past.get(m.Purpose, link.purpose_id)
            yield PurposeThen(link, purpose, self.past.get(m.LegalBasis, link.basis_id), tuple(needed))

    def norm(self, pk):
        return self.past.get(m.Norm, pk)

    def norm_by_code(self, code):
        return next((row for row in self.past.rows(m.Norm).values() if row.code == code), None)

    def norm_of(self, basis):
        return self.norm(basis.norm_id) if basis else None

    def law_of(self, norm):
        return self.past.get(m.Law, norm.law_id)

    def recipient(self, transfer):
        return self.past.get(m.Recipient, transfer.recipient_id)

    def known_to_law(self, basis):
        """Whether the basis rests on a norm that is a ground under a law of the operator."""
        norm = self.norm_of(basis)
        return bool(norm and norm.is_ground and norm.law_id in self.law_ids)

    def _lacking(self, activity):
        """Codes of the blockers that stood in the activity's way: the gate itself, asked about the past.

        An activity that had ended lacked nothing: nobody completes it.
        """
        if has_ended(activity.row):
            return ()
        return tuple(dict.fromkeys(blocker.code for blocker in activation_blockers(self._facts(activity))))

    def _facts(self, activity):
        row = activity.row
        return ActivityFacts(
            today=self.past.moment.day,
            laws=tuple(law.code for law in self.laws),
            started_on=row.started_on,
            operations=tuple(row.operations.split()),
            sources=tuple(row.sources.split()),
            decides_rights=row.decides_rights,
            decision_logic=row.decision_logic,
            decision_review=row.decision_review,
            purposes=tuple(self._purpose_facts(each) for each in activity.purposes),
            subject_categories=len(activity.subject_categories),
            databases=tuple(DatabaseFacts(each.code, each.country) for each in activity.databases),
            kept=tuple(self._kept_facts(activity, each) for each in activity.databases),
            retention_complete=tuple((rule.code, rule.instance.is_complete) for rule, _category in activity.retention),
            measures=len(activity.measures),
            recipients=tuple(
                RecipientFacts(
                    each.code, each.kind == "processor", each.country, each.agreement_number,
                    each.agreement_from, each.agreement_until,
                )
                for each in activity.recipients
            ),
            has_responsible_person=bool(self.responsible),
        )  # fmt: skip

    def _purpose_facts(self, each):
        return PurposeFacts(
            name=each.purpose.code,
            has_basis=each.basis is not None,
            basis_known=self.known_to_law(each.basis),
            data_categories=len(each.needed),
            without_necessity=tuple(category.code for link, category in each.needed if not link.necessity),
            decided_until=self._decided_until(each.link.basis_id),
            basis_kind=each.basis.kind if each.basis is not None else "",
            special=tuple(row.code for _link, row in each.needed if row.instance.is_special_or_biometric),
        )

    def _decided_until(self, basis_id):
        """The last day of the decisions that stood then to rely on the basis all the same."""
        on = self.past.moment.day
        decisions = self.past.of(m.GroundDecision, "basis", basis_id)
        return max((row.valid_until for row in decisions if row.instance.stands_on(on)), default=None)

    def _kept_facts(self, activity, database):
        """The purposes that the database served then, by all the activities that had not ended."""
        kept = (
            each.purpose_id
            for shared in self.past.of(m.ActivityDatabase, "database", database.id)
            if not has_ended(self.past.get(m.ProcessingActivity, shared.activity_id))
            for each in self.past.of(m.ActivityPurpose, "activity", shared.activity_id)
        )
        asked = (each.purpose.id for each in activity.purposes)
        return KeptFacts(database.code, frozenset(kept), frozenset(asked), self.incompatible)
