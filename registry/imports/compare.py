"""Rows of a file against the register: what is new, what changes, what stays, and what cannot be taken."""

from collections import defaultdict
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from registry.journal.bulk import Written
from registry.models import Agreement, Consent, DataSubject
from registry.models.base import uuid7
from registry.rules.identifiers import birth_date_error
from registry.rules.names import same_but_for_lost_letters, search_key

from .columns import PERSON_FIELDS
from .consents import compare_consent
from .rows import NAMES, CleanRow, Problem

NEW, CHANGED, SAME, REJECTED, STOPPED = "new", "changed", "same", "rejected", "stopped"
KINDS = (NEW, CHANGED, SAME, REJECTED, STOPPED)
SOURCE = "CRM"
SEARCHED = ("surname", "given_name", "patronymic", "email", "phone", "iin", "crm_id")
EMPTY_PERSON = {
    "surname": "",
    "given_name": "",
    "patronymic": "",
    "iin": "",
    "email": "",
    "phone": "",
    "birth_date": None,
    "language": "",
    "source": SOURCE,
    "confirmed_on": None,
    "state": DataSubject.State.ACTIVE.value,
}


@dataclass(slots=True)
class Outcome:
    """What becomes of one row. problems: why it is rejected or stopped."""

    row: CleanRow
    kind: str = SAME
    problems: list = field(default_factory=list)
    warnings: list = field(default_factory=list)
    person: dict | None = None
    person_write: Written | None = None
    consents: list = field(default_factory=list)
    agreement: Written | None = None
    missing: tuple = ()

    @property
    def writes(self):
        found = [(DataSubject, self.person_write)] if self.person_write else []
        found += [(Consent, write) for write in self.consents]
        return found + ([(Agreement, self.agreement)] if self.agreement else [])

    def turn_down(self, kind, problems):
        self.kind, self.problems = kind, problems
        self.person_write, self.consents, self.agreement, self.missing = None, [], None, ()


class Comparison:
    """Compares chunks of rows; asks the database three times a chunk, whatever its size."""

    def __init__(self, reference, columns, *, accept_damaged_names):
        self.reference, self.operator = reference, reference.operator
        self.label = columns.label
        self.accept_damaged_names = accept_damaged_names

    def outcomes(self, rows: list[CleanRow]) -> list[Outcome]:
        takeable = [row for row in rows if not self._reason_to_leave(row)]
        people = self._people(takeable)
        known = [row for row in takeable if row.crm_id in people]
        consents = self._consents(known, people)
        agreements = self._agreements(known, people)
        return [self._judge(row, people.get(row.crm_id), consents, agreements) for row in rows]

    def _reason_to_leave(self, row):
        return row.errors or (row.damaged and not self.accept_damaged_names)

    def _people(self, rows):
        names = [each.attname for each in DataSubject._meta.concrete_fields]
        found = DataSubject.objects.filter(operator=self.operator, crm_id__in=[row.crm_id for row in rows])
        return {person["crm_id"]: person for person in found.order_by().values(*names)}

    def _consents(self, rows, people):
        """(subject, purpose, kind) → stored consents."""
        ids = [people[row.crm_id]["id"] for row in rows if "consent_purpose" in row.values]
        found = defaultdict(list)
        names = [each.attname for each in Consent._meta.concrete_fields]
        for consent in Consent.objects.filter(subject_id__in=ids).order_by("given_on").values(*names) if ids else ():
            found[consent["subject_id"], consent["purpose_id"], consent["kind"]].append(consent)
        return found

    def _agreements(self, rows, people):
        ids = [people[row.crm_id]["id"] for row in rows if "agreement_number" in row.values]
        names = [each.attname for each in Agreement._meta.concrete_fields]
        stored = Agreement.objects.filter(subject_id__in=ids).order_by().values(*names) if ids else ()
        return {(each["subject_id"], each["number"]): each for each in stored}

    def _judge(self, row, stored, consents, agreements):
        outcome = Outcome(row, warnings=list(row.warnings))
        if self._reason_to_leave(row):
            outcome.turn_down(REJECTED if row.errors else STOPPED, row.errors + row.damaged)
            return outcome
        errors = []
        if stored is None:
            self._new_person(outcome, errors)
        else:
            self._known_person(outcome, stored, errors)
        self._consent(outcome, consents, errors)
        self._agreement(outcome, agreements, errors)
        if errors:
            outcome.turn_down(REJECTED, errors)
        elif stored is None:
            outcome.kind = NEW
        elif outcome.writes:
            outcome.kind = CHANGED
        return outcome

    def _new_person(self, outcome, errors):
        values = outcome.row.values
        if "surname" not in values and "given_name" not in values:
            reason = _("a new person needs a surname or a given name: fill one in")
            errors.append(Problem(self.label("surname"), "", reason))
        given = {name: values[name] for name in PERSON_FIELDS if name in values}
        person = EMPTY_PERSON | given | {"uid": uuid7(), "operator_id": self.operator.pk}
        person["search_key"] = search_key(**{name: person[name] for name in SEARCHED})
        outcome.person, outcome.person_write = person, Written(person, person["uid"])

    def _known_person(self, outcome, stored, errors):
        outcome.person, changes = stored, {}
        for name in PERSON_FIELDS:
            value = outcome.row.values.get(name)
            if value is None or value == stored[name]:
                continue
            if name in NAMES and same_but_for_lost_letters(stored[name], value):
                reason = _("the stored name has the letters that this one lacks: it is kept")
                outcome.warnings.append(Problem(self.label(name), value, reason))
                continue
            changes[name] = value
        if not changes:
            return
        person = stored | changes
        name = next((name for name in ("iin", "birth_date") if name in changes), None)
        if name and person["iin"] and (error := birth_date_error(person["iin"], person["birth_date"])):
            errors.append(Problem(self.label(name), str(changes[name]), error))
        person["search_key"] = search_key(**{name: person[name] or "" for name in SEARCHED})
        outcome.person, outcome.person_write = person, Written(person, stored["uid"], stored)

    def _consent(self, outcome, consents, errors):
        values = outcome.row.values
        code = values.get("consent_purpose")
        if code is None:
            return
        if code not in self.reference.purposes:
            reason = _(
                "the operator has no purpose of this code (it has: %(codes)s): correct it, or add the purpose"
            ) % {"codes": ", ".join(self.reference.purposes) or "—"}
            errors.append(Problem(self.label("consent_purpose"), code, reason))
            return
        purpose, kind = self.reference.purposes[code][0], self.reference.kind(code).value
        stored = consents.get((outcome.person.get("id"), purpose, kind), [])
        writes, final, refusal = compare_consent(values, stored, purpose, kind, self.reference)
        if refusal:
            outcome.warnings.append(Problem(self.label("consent_given_on"), str(values["consent_given_on"]), refusal))
            return
        for after, before in writes:
            after.setdefault("subject_id", outcome.person.get("id"))
            outcome.consents.append(Written(after, outcome.person["uid"], before))
        outcome.missing = self.reference.missing(
            bool(final["expires_on"]) or final["until_purpose_reached"],
            final["third_parties"],
            final["cross_border"],
            final["publication"],
            bool(final["data_list"]),
        )

    def _agreement(self, outcome, agreements, errors):
        number = outcome.row.values.get("agreement_number")
        if number is None:
            return
        concluded_on = outcome.row.values.get("agreement_on")
        stored = agreements.get((outcome.person.get("id"), number))
        if stored is None:
            agreement = {
                "uid": uuid7(),
                "operator_id": self.operator.pk,
                "subject_id": outcome.person.get("id"),
                "number": number,
                "concluded_on": concluded_on,
                "ended_on": None,
            }
            outcome.agreement = Written(agreement, outcome.person["uid"])
        elif concluded_on and concluded_on != stored["concluded_on"]:
            if stored["ended_on"] and stored["ended_on"] < concluded_on:
                reason = _("the agreement ended on %(ended_on)s, before this date: correct it") % stored
                errors.append(Problem(self.label("agreement_on"), str(concluded_on), reason))
            outcome.agreement = Written(stored | {"concluded_on": concluded_on}, outcome.person["uid"], stored)
