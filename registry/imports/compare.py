"""Rows of a file against the register: what is new, what changes, what stays, and what cannot be taken."""

import json
from collections import defaultdict
from typing import NamedTuple

from django.db import connection
from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.journal.bulk import Written
from registry.models import Agreement, Consent, DataSubject, Suppression
from registry.rules.identifiers import birth_date_error
from registry.rules.names import same_but_for_lost_letters, search_key

from .columns import PERSON_FIELDS
from .consents import OTHER_KIND, compare_consent
from .new_people import OPT_OUTS, NewPeople
from .rows import NAMES, CleanRow, Problem
from .sound_rows import CleanRows

BLOCKED = gettext_lazy(
    "the person is blocked: stored only, changed by no file. Lift the block first, then import the file again"
)
BLOCKED_BUT_OPT_OUTS = gettext_lazy(
    "the person is blocked: of this row only the opt-out is taken. Lift the block first, then import the file again for the rest"
)
DEPERSONALISED = gettext_lazy(
    "the person was depersonalised: no file says again who that was. Have the person deleted in the CRM"
)
NEW, CHANGED, SAME, REJECTED, STOPPED = "new", "changed", "same", "rejected", "stopped"
KINDS = (NEW, CHANGED, SAME, REJECTED, STOPPED)
SEARCHED = ("surname", "given_name", "patronymic", "email", "phone", "iin", "crm_id")


class Outcome:
    """What becomes of one row. problems: why it is rejected or stopped. What a new person writes is made when it is asked for."""

    kind, problems, missing = SAME, (), ()
    person = person_write = agreement = new_people = None
    consents = suppressions = ()

    def __init__(self, row: CleanRow):
        self.row = row

    @classmethod
    def of_new(cls, row, lacks, new_people):
        outcome = cls(row)
        outcome.kind, outcome.missing, outcome.new_people = NEW, lacks, new_people
        return outcome

    @property
    def writes(self):
        if self.kind == NEW and not self.person_write:
            self.new_people.write(self)
        found = [(DataSubject, self.person_write)] if self.person_write else []
        found += [(Consent, write) for write in self.consents]
        found += [(Agreement, self.agreement)] if self.agreement else []
        return found + [(Suppression, write) for write in self.suppressions]

    def turn_down(self, kind, problems):
        self.kind, self.problems = kind, problems
        self.person_write = self.agreement = None
        self.consents = self.suppressions = self.missing = ()


def among(column, values):
    """Whether the column holds one of these values, all of them in one parameter: `__in` would look at each of them."""
    if connection.vendor == "postgresql":
        return RawSQL(f"{column} = ANY(%s)", [values], BooleanField())
    return RawSQL(f"{column} IN (SELECT value FROM json_each(%s))", [json.dumps(values)], BooleanField())


def _of_crm(operator, ids):
    """The people of these CRM ids. PostgreSQL looks each up by itself: without statistics of a table that an import has just
    filled it would take an index that begins with the operator, and walk through everybody."""
    if connection.vendor != "postgresql":
        return Q(among("crm_id", ids), operator=operator)
    table = DataSubject._meta.db_table
    one = f"SELECT id FROM {table} one WHERE one.operator_id = %s AND one.crm_id = wanted"
    return Q(RawSQL(f"{table}.id IN (SELECT ({one}) FROM unnest(%s::text[]) wanted)", [operator, ids], BooleanField()))


def _values(records):
    """Stored rows as dicts. What Django makes of a column's values is made once of each that differs, not row by row."""
    names = [each.attname for each in records.model._meta.concrete_fields]
    compiler = records.values_list(*names).query.get_compiler(connection=connection)
    with connection.cursor() as cursor:
        cursor.execute(*compiler.as_sql())
        columns = list(zip(*cursor.fetchall(), strict=True))
    converters = compiler.get_converters([expression for expression, _sql, _alias in compiler.select])
    for place, (converts, expression) in converters.items() if columns else ():
        made = {}
        for value in set(columns[place]):
            made[value] = value
            for convert in converts:
                made[value] = convert(made[value], expression, connection)
        columns[place] = map(made.__getitem__, columns[place])
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


class Known(NamedTuple):
    """What the register has of the people of a chunk."""

    people: dict  # CRM id → person
    consents: dict  # (person, purpose, kind) → consents, the earliest first
    agreements: dict  # (person, number) → agreement
    opted_out: set  # (person, channel)


class Comparison:
    """Compares chunks of rows; asks the database once for each kind of record in a chunk, whatever its size."""

    def __init__(self, reference, columns, *, today, accept_damaged_names):
        self.reference, self.operator, self.today = reference, reference.operator, today
        self.label = columns.label
        # by field that has a default: the columns that may say it
        self.saying = {
            field: columns.several.get(field, [columns.places[field]]) if field in columns.places else []
            for field in columns.defaults
        }
        self.accept_damaged_names = accept_damaged_names
        present = columns.places.keys() | columns.defaults.keys()
        self.opt_outs = [(field, channel) for field, channel in OPT_OUTS.items() if field in present]
        self.new_people = NewPeople(reference, self.opt_outs, label=self.label, today=today)

    def outcomes(self, rows: CleanRows) -> list[Outcome]:
        known = self._known(rows)
        people, judged = known.people, self._judge
        if rows.columns is None:
            return [judged(row, people.get(row.crm_id), known) for row in rows]
        return [
            judged(row, people.get(row.crm_id), known)
            if lacks is None or row.crm_id in people or row.errors or row.damaged
            else Outcome.of_new(row, lacks, self.new_people)
            for row, lacks in zip(rows, self.new_people.all_lack(rows.columns), strict=True)
        ]

    def _known(self, rows) -> Known:
        people = self._people(rows)
        met = [(row, people[row.crm_id]["id"]) for row in rows if row.crm_id in people and not self._is_left(row)]
        return Known(people, self._consents(met), self._agreements(met), self._opted_out(met))

    def _is_left(self, row):
        return row.errors or (row.damaged and not self.accept_damaged_names)

    def _people(self, rows):
        ids = [row.crm_id for row in rows if row.crm_id]
        found = DataSubject.objects.filter(_of_crm(self.operator.pk, ids)).order_by()
        return {person["crm_id"]: person for person in _values(found)} if ids else {}

    def _consents(self, met):
        ids = [pk for row, pk in met if "consent_purpose" in row.values]
        found = defaultdict(list)
        for consent in _values(Consent.objects.filter(among("subject_id", ids)).order_by("given_on")) if ids else ():
            found[consent["subject_id"], consent["purpose_id"], consent["kind"]].append(consent)
        return found

    def _agreements(self, met):
        ids = [pk for row, pk in met if "agreement_number" in row.values]
        stored = _values(Agreement.objects.filter(among("subject_id", ids)).order_by()) if ids else ()
        return {(each["subject_id"], each["number"]): each for each in stored}

    def _opted_out(self, met):
        ids = [pk for row, pk in met if any(row.values.get(field) for field, _channel in self.opt_outs)]
        stored = Suppression.objects.live(self.today).filter(among("subject_id", ids)).order_by() if ids else None
        return set(stored.values_list("subject_id", "channel")) if ids else set()

    def _judge(self, row, stored, known):
        outcome = Outcome(row)
        if self._is_left(row):
            outcome.person = stored
            outcome.turn_down(REJECTED if row.errors else STOPPED, row.errors + row.damaged)
            return outcome
        if stored is None:
            self._new_person(outcome)
            return outcome
        if stored["state"] == DataSubject.State.DEPERSONALISED:
            outcome.person = stored
            outcome.turn_down(STOPPED, [Problem("", "", str(DEPERSONALISED))])
            return outcome
        errors, values = [], row.values
        self._known_person(outcome, stored, errors)
        if "consent_purpose" in values and self._knows_purpose(values, errors):
            self._consent(outcome, known.consents)
        if "agreement_number" in values:
            self._agreement(outcome, known.agreements, errors)
        if self.opt_outs:
            found = self.new_people.suppressions(values, stored["id"], known.opted_out)
            outcome.suppressions = [Written(each, stored["uid"]) for each in found]
        if errors:
            outcome.turn_down(REJECTED, errors)
        elif outcome.person_write or outcome.consents or outcome.agreement or outcome.suppressions:
            outcome.kind = CHANGED
            if stored["state"] == DataSubject.State.BLOCKED:
                self._held(outcome, stored)
        return outcome

    def _held(self, outcome, stored):
        """Of a blocked person only opt-outs are taken: they narrow. The rest is stopped, and the row says so."""
        if not outcome.suppressions:
            outcome.turn_down(STOPPED, [Problem("", "", str(BLOCKED))])
        elif outcome.person_write or outcome.consents or outcome.agreement:
            outcome.row.warnings.append(Problem("", "", str(BLOCKED_BUT_OPT_OUTS)))
            outcome.person, outcome.missing = stored, ()
            outcome.person_write, outcome.consents, outcome.agreement = None, (), None

    def _new_person(self, outcome):
        values = outcome.row.values
        errors = self.new_people.faults(values)
        has_consent = "consent_purpose" in values and self._knows_purpose(values, errors)
        if errors:
            outcome.turn_down(REJECTED, errors)
            return
        outcome.kind, outcome.new_people = NEW, self.new_people
        if has_consent:
            outcome.missing = self.new_people.lacks(values)

    def _known_person(self, outcome, stored, errors):
        outcome.person, changes, values = stored, {}, outcome.row.values
        for name in PERSON_FIELDS:
            if name not in values or values[name] == stored[name]:
                continue
            if stored[name] and self._is_default(outcome.row, name):
                continue
            value = values[name]
            if value and name in NAMES and same_but_for_lost_letters(stored[name], value):
                reason = _("the stored name has the letters that this one lacks: it is kept")
                outcome.row.warnings.append(Problem(self.label(name), value, reason))
                continue
            changes[name] = value
        if not changes:
            return
        person = stored | changes
        if not (person["surname"] or person["given_name"]):
            reason = _("a person has a surname or a given name: fill one in, or keep empty cells from clearing")
            errors.append(Problem(self.label("surname"), "", reason))
        name = next((name for name in ("iin", "birth_date") if name in changes), None)
        if name and person["iin"] and (error := birth_date_error(person["iin"], person["birth_date"])):
            errors.append(Problem(self.label(name), str(changes[name] or ""), error))
        person["search_key"] = search_key(**{name: person[name] or "" for name in SEARCHED})
        outcome.person, outcome.person_write = person, Written(person, stored["uid"], stored)

    def _is_default(self, row, field):
        """Whether nobody wrote the value in the file: it fills what is open, and replaces nothing that somebody recorded."""
        return field in self.saying and not any(row.cells[place].strip() for place in self.saying[field])

    def _knows_purpose(self, values, errors):
        code = values["consent_purpose"]
        if code in self.reference.purposes:
            return True
        reason = _("the operator has no purpose of this code (it has: %(codes)s): correct it, or add the purpose") % {
            "codes": ", ".join(self.reference.purposes) or "—"
        }
        errors.append(Problem(self.label("consent_purpose"), code, reason))
        return False

    def _consent(self, outcome, consents):
        values, person = outcome.row.values, outcome.person
        purpose, kind = self.reference.purpose(values["consent_purpose"])
        stored, others = (consents.get((person["id"], purpose, each), ()) for each in (kind, OTHER_KIND[kind]))
        defaults = {field for field in self.saying if self._is_default(outcome.row, field)}
        if stored and "consent_given_on" in defaults:
            values = values | {"consent_given_on": stored[-1]["given_on"]}
        writes, final, refusal = compare_consent(values, stored, purpose, kind, self.reference, others, defaults)
        if refusal:
            outcome.row.warnings.append(
                Problem(self.label("consent_given_on"), str(values["consent_given_on"]), refusal)
            )
            return
        if writes:
            outcome.consents = [self._about(person, after, before) for after, before in writes]
        outcome.missing = self.reference.missing(
            bool(final["expires_on"]) or final["until_purpose_reached"],
            final["third_parties"],
            final["cross_border"],
            final["publication"],
            bool(final["data_list"]),
        )

    def _about(self, person, values, before=None):
        values.setdefault("subject_id", person["id"])
        return Written(values, person["uid"], before)

    def _agreement(self, outcome, agreements, errors):
        values, person = outcome.row.values, outcome.person
        concluded_on, stored = values.get("agreement_on"), agreements.get((person["id"], values["agreement_number"]))
        if stored is None:
            outcome.agreement = Written(self.new_people.agreement(values, person["id"]), person["uid"])
        elif stored["concluded_on"] and self._is_default(outcome.row, "agreement_on"):
            return
        elif concluded_on and concluded_on != stored["concluded_on"]:
            if stored["ended_on"] and stored["ended_on"] < concluded_on:
                reason = _("the agreement ended on %(ended_on)s, before this date: correct it") % stored
                errors.append(Problem(self.label("agreement_on"), str(concluded_on), reason))
            outcome.agreement = self._about(person, stored | {"concluded_on": concluded_on}, stored)
