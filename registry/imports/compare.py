"""Rows of a file against the register: what is new, what changes, what stays, and what cannot be taken."""

from collections import defaultdict
from typing import NamedTuple

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.choices import CaseAct, RequestKind
from registry.journal.bulk import Written
from registry.models import Agreement, Consent, DataSubject, SubjectRequest, Suppression
from registry.models.among import among
from registry.rules.identifiers import birth_date_error
from registry.rules.names import has_words_of, is_somebody_else, same_but_for_lost_letters, search_key_of

from .cells import is_damaged, several
from .columns import KEY, PERSON_FIELDS
from .consents import OTHER_KIND, compare_consent, widened
from .new_people import OPT_OUTS, NewPeople
from .rows import NAMES, CleanRow, Problem, in_part
from .sound_rows import CleanRows
from .stored import of_crm, values_of, written_by_hand

BLOCKED = gettext_lazy(
    "the person is blocked: stored only, changed by no file. Lift the block first, then import the file again"
)
BLOCKED_BUT_OPT_OUTS = gettext_lazy(
    "the person is blocked: of this row only the opt-out is taken. Lift the block first, then import the file again for the rest"
)
DEPERSONALISED = gettext_lazy(
    "the person was depersonalised: no file says again who that was. Have the person deleted in the CRM"
)
SOMEBODY_ELSE = gettext_lazy(
    "the register has another person under this id: name and all else differ. Have the CRM say who it is; if it is the same "
    "person, correct the name in the register first"
)
ONLY_OPT_OUT = gettext_lazy(
    "of this row only the opt-out is taken, for something else in it is wrong: correct that in the CRM"
)
NARROWED = gettext_lazy(
    "the register allows less by this consent than the file: an officer wrote it, so it stays. A new consent has a new date"
)
KEPT = gettext_lazy("the stored name has the letters that this one lacks: it is kept")
TAKEN_DAMAGED = gettext_lazy(
    "letters of the name were lost on the way: it is taken as it is, for damaged names are accepted"
)
NEW, CHANGED, SAME, REJECTED, STOPPED = "new", "changed", "same", "rejected", "stopped"
KINDS = (NEW, CHANGED, SAME, REJECTED, STOPPED)
# Of a row of these kinds nothing is written.
TURNED_DOWN = frozenset((REJECTED, STOPPED))


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

    def take_opt_outs_only(self, reason):
        """Turns down all of the row but what it opts out of. The reason is for the list of rows taken in part."""
        suppressions = self.suppressions
        self.turn_down(CHANGED, ())
        self.suppressions, self.row.warnings = suppressions, [in_part("", "", reason)]


class Known(NamedTuple):
    """What the register has of the people of a chunk."""

    people: dict  # CRM id → person
    consents: dict  # (person, purpose, kind) → consents, the earliest first
    agreements: dict  # (person, number) → agreement
    opted_out: set  # (person, channel)
    withdrew: dict  # person → the last day on which a withdrawal of consent was received that was carried out


class Comparison:
    """Compares chunks of rows; asks the database once for each kind of record in a chunk, whatever its size.

    shown: (person, channel) of opt-outs in chunks before, kept where nothing is written, for the register does not know of them: only
    of ids on several lines, which may say them again.
    """

    shown = None

    def __init__(self, reference, columns, *, today, accept_damaged_names):
        self.reference, self.operator, self.today = reference, reference.operator, today
        self.label = columns.label
        # by field that has a default: the columns that may say it
        self.saying = {
            field: columns.several.get(field, [columns.places[field]]) if field in columns.places else []
            for field in columns.defaults
        }
        self.of_addresses = {columns.label("email"), *map(columns.name, columns.several.get("email", ()))}
        self.accept_damaged_names = accept_damaged_names
        present = columns.places.keys() | columns.defaults.keys()
        self.opt_outs = [
            (field, channel) for field, channels in OPT_OUTS.items() if field in present for channel in channels
        ]
        self.new_people = NewPeople(reference, self.opt_outs, label=self.label, today=today)

    def outcomes(self, rows: CleanRows) -> list[Outcome]:
        known = self._known(rows)
        people, judged = known.people, self._judge
        if rows.columns is None:
            outcomes = [judged(row, people.get(row.crm_id), known) for row in rows]
        else:
            outcomes = [
                judged(row, people.get(row.crm_id), known)
                if lacks is None or row.crm_id in people or row.errors or row.damaged
                else Outcome.of_new(row, lacks, self.new_people)
                for row, lacks in zip(rows, self.new_people.all_lack(rows.columns), strict=True)
            ]
        self._keep_narrowed(outcomes, known)
        return outcomes

    def _known(self, rows) -> Known:
        people = self._people(rows)
        self._let_stand(rows, people)
        known = [(row, people[row.crm_id]["id"]) for row in rows if row.crm_id in people]
        met = [(row, pk) for row, pk in known if not self._is_left(row)]
        return Known(people, self._consents(met), self._agreements(met), self._opted_out(known), self._withdrew(met))

    def _let_stand(self, rows, people):
        """An address that the register has, from when less was asked of one, is told and turns no row down."""
        for at, row in enumerate(rows):
            if not row.errors or row.crm_id not in people:
                continue
            stored = people[row.crm_id]["email"]
            if all(
                problem.column in self.of_addresses and several("email", problem.value)[0].value == stored
                for problem in row.errors
            ):
                row.warnings += row.errors
                row.errors.clear()
                row.values["email"] = stored
                if rows.columns:
                    rows.columns["email"][at] = stored

    def _is_left(self, row):
        return row.errors or (row.damaged and not self.accept_damaged_names)

    def _people(self, rows):
        ids = [row.crm_id for row in rows if row.crm_id]
        found = DataSubject.objects.filter(of_crm(self.operator.pk, ids)).order_by()
        return {person["crm_id"]: person for person in values_of(found)} if ids else {}

    def _consents(self, met):
        ids = [pk for row, pk in met if "consent_purpose" in row.values]
        found = defaultdict(list)
        for consent in values_of(Consent.objects.filter(among("subject_id", ids)).order_by("given_on")) if ids else ():
            found[consent["subject_id"], consent["purpose_id"], consent["kind"]].append(consent)
        return found

    def _agreements(self, met):
        ids = [pk for row, pk in met if "agreement_number" in row.values]
        stored = values_of(Agreement.objects.filter(among("subject_id", ids)).order_by()) if ids else ()
        return {(each["subject_id"], each["number"]): each for each in stored}

    def _opted_out(self, met):
        ids = [pk for row, pk in met if any(row.values.get(field) for field, _channel in self.opt_outs)]
        stored = Suppression.objects.live(self.today).filter(among("subject_id", ids)).order_by() if ids else None
        opted_out = set(stored.values_list("subject_id", "channel")) if ids else set()
        if self.shown:
            opted_out |= self.shown.intersection((pk, channel) for pk in ids for _field, channel in self.opt_outs)
        return opted_out

    def _withdrew(self, met):
        ids = [pk for row, pk in met if "consent_purpose" in row.values]
        cases = SubjectRequest.objects.filter(kind=RequestKind.WITHDRAWAL, casesteps__act=CaseAct.WITHDRAWN).order_by()
        found = (
            cases.filter(among("subject_id", ids)).values_list("subject_id").annotate(Max("received_at")) if ids else ()
        )
        return {pk: timezone.localdate(received_at) for pk, received_at in found}

    def _judge(self, row, stored, known):
        outcome = Outcome(row)
        outcome.person = stored
        of_another = stored and is_somebody_else(stored, row.values)
        if self._is_left(row):
            outcome.turn_down(REJECTED if row.errors else STOPPED, row.errors + row.damaged)
        elif stored is None:
            self._new_person(outcome)
        elif stored["state"] == DataSubject.State.DEPERSONALISED:
            outcome.turn_down(STOPPED, [Problem("", "", str(DEPERSONALISED))])
        elif of_another:
            outcome.turn_down(STOPPED, [Problem(self.label(KEY), row.crm_id, str(SOMEBODY_ELSE))])
        elif errors := self._differences(outcome, stored, known):
            outcome.turn_down(REJECTED, errors)
        elif outcome.kind == CHANGED and stored["state"] == DataSubject.State.BLOCKED:
            outcome.turn_down(STOPPED, [Problem("", "", str(BLOCKED))])
        if stored and self.opt_outs and not of_another:
            self._opt_out(outcome, stored, known.opted_out)
        if row.damaged:
            self._tell_lost(outcome, stored)
        return outcome

    def _differences(self, outcome, stored, known):
        """Puts down what the row changes of a known person; returns what is wrong with that."""
        errors, values = [], outcome.row.values
        self._known_person(outcome, stored, errors)
        if "consent_purpose" in values and self._knows_purpose(values, errors):
            self._consent(outcome, known)
        if "agreement_number" in values:
            self._agreement(outcome, known.agreements, errors)
        if outcome.person_write or outcome.consents or outcome.agreement:
            outcome.kind = CHANGED
        return errors

    def _opt_out(self, outcome, stored, opted_out):
        """A known person's opt-out is taken whatever becomes of the rest of the row: it narrows. The row says why the rest is not."""
        row = outcome.row
        if stored["state"] == DataSubject.State.DEPERSONALISED:
            return
        found = self.new_people.suppressions(row.values, stored["id"], opted_out)
        if not found:
            return
        taken = [(each["subject_id"], each["channel"]) for each in found]
        opted_out.update(taken)
        if self.shown is not None and any(problem.column == self.label(KEY) for problem in row.errors):
            self.shown.update(taken)
        if outcome.kind == REJECTED or self._is_left(row):
            reasons = "; ".join(problem.with_value() for problem in outcome.problems)
            row.warnings.append(Problem("", "", str(ONLY_OPT_OUT), reasons))
        elif outcome.kind == STOPPED:
            row.warnings.append(Problem("", "", str(BLOCKED_BUT_OPT_OUTS)))
        if outcome.problems:
            outcome.person = stored
        outcome.kind, outcome.problems = CHANGED, ()
        outcome.suppressions = [Written(each, stored["uid"]) for each in found]

    def _keep_narrowed(self, outcomes, known):
        """Of a consent that an officer wrote no item is widened: it may be what the person asked for."""
        wider = [
            (outcome, write.before["uid"], columns)
            for outcome in outcomes
            for write in outcome.consents
            if write.before and (columns := widened(write.values, write.before))
        ]
        by_hand = written_by_hand([uid for _outcome, uid, _columns in wider]) if wider else ()
        for outcome, uid, columns in wider:
            if uid in by_hand:
                outcome.consents = ()
                self._consent(outcome, known, without=columns)
                outcome.kind = CHANGED if outcome.writes else SAME
                outcome.row.warnings += [Problem(self.label(column), "", str(NARROWED)) for column in columns]

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

    def _tell_lost(self, outcome, stored):
        """That names are taken without the letters they lost, where damaged names are accepted."""
        written = outcome.row.values if outcome.kind == NEW else outcome.person if outcome.person_write else {}
        for name in NAMES:
            value = written.get(name)
            if value and is_damaged(value) and not (stored and stored[name] == value):
                outcome.row.warnings.append(in_part(self.label(name), value, TAKEN_DAMAGED))

    def _known_person(self, outcome, stored, errors):
        outcome.person, changes, values = stored, {}, outcome.row.values
        kept = NAMES if outcome.row.guessed and has_words_of(values, stored) else ()
        for name in PERSON_FIELDS:
            if name not in values or values[name] == stored[name] or name in kept:
                continue
            if stored[name] and self._is_default(outcome.row, name):
                continue
            value = values[name]
            if value and name in NAMES and same_but_for_lost_letters(stored[name], value):
                outcome.row.warnings.append(in_part(self.label(name), value, KEPT))
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
        person["search_key"] = search_key_of(person)
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

    def _consent(self, outcome, known, without=()):
        values, person = outcome.row.values, outcome.person
        if without:
            values = {column: value for column, value in values.items() if column not in without}
        purpose, kind = self.reference.purpose(values["consent_purpose"])
        stored, others = (known.consents.get((person["id"], purpose, each), ()) for each in (kind, OTHER_KIND[kind]))
        defaults = {field for field in self.saying if self._is_default(outcome.row, field)}
        if stored and "consent_given_on" in defaults:
            values = values | {"consent_given_on": stored[-1]["given_on"]}
        writes, final, refusal = compare_consent(
            values, stored, purpose, kind, self.reference, others, defaults, known.withdrew.get(person["id"])
        )
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
