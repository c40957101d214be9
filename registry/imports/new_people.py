"""Rows of people whom the register does not know: what is wrong with them, and what they write once it is asked for."""

from django.utils.translation import gettext as _

from registry.choices import Channel
from registry.journal.bulk import Written
from registry.models import DataSubject
from registry.rules.names import search_key_of

from .columns import KEY, PERSON_FIELDS
from .consents import new_consent
from .rows import Problem
from .sound_rows import NOTHING

SOURCE = "CRM"
OPT_OUTS = {
    "email_opt_out": [Channel.EMAIL.value],
    "call_opt_out": [Channel.CALL.value],
    "message_opt_out": [Channel.MESSAGE.value],
    "every_opt_out": [Channel.EMAIL.value, Channel.CALL.value, Channel.MESSAGE.value],
}
EMPTY_PERSON = {
    "id": None,
    "uid": None,
    "crm_id": None,
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


CONSENT_SAID = ("consent_purpose", "consent_expires_on", "third_parties", "cross_border", "publication")


class Lacking(dict):
    """(purpose, whether it says an end, third parties, cross-border, publication) → the items that such a consent lacks.

    None where nobody knows the purpose.
    """

    def __init__(self, reference):
        self.reference = reference

    def __missing__(self, said):
        self[said] = self._lacks(*said)
        return self[said]

    def _lacks(self, code, has_end, *others):
        reference = self.reference
        if code not in reference.purposes:
            return None
        has_list = bool(reference.data_lists.get(reference.purposes[code][0]))
        return reference.missing(has_end, *(None if other == "" else other for other in others), has_list)


class NewPeople:
    """`faults` and `lacks` are all that a plan needs of a row, `write` is for the rows that are shown or applied."""

    def __init__(self, reference, opt_outs, *, label, today):
        self.reference, self.opt_outs, self.label, self.today = reference, opt_outs, label, today
        self.operator = reference.operator.pk
        self.empty = EMPTY_PERSON | {"operator_id": self.operator}
        self.lacking = Lacking(reference)

    def faults(self, values):
        """Why nobody new can be made of these values; their consent is another matter."""
        if values.get("surname") or values.get("given_name"):
            return []
        reason = _("a new person needs a surname or a given name: fill one in")
        return [Problem(self.label("surname"), "", reason)]

    def lacks(self, values):
        """The items that the consent of a new person lacks."""
        said = values.get
        return self.lacking[
            values["consent_purpose"],
            bool(said("consent_expires_on")),
            said("third_parties", ""),
            said("cross_border", ""),
            said("publication", ""),
        ]

    def all_lack(self, columns):
        """Of each row of sound columns what it lacks where its person is new; None of a row that must be looked at."""
        said = [columns.get(field, NOTHING) for field in ("surname", "given_name", *CONSENT_SAID)]
        lacking = self.lacking
        return [
            (lacking[purpose, bool(end), third, cross, public] if purpose else ()) if surname or given else None
            for _id, surname, given, purpose, end, third, cross, public in zip(columns[KEY], *said, strict=False)
        ]

    def write(self, outcome, pk=None, uid=None, consent_uid=None):
        """Fills in what the row writes. The ids are the register's to give; what is only shown has none."""
        values, person = outcome.row.values, self.empty.copy()
        for name in PERSON_FIELDS:
            if name in values:
                person[name] = values[name]
        person["id"], person["uid"] = pk, uid
        person["search_key"] = search_key_of(person)
        outcome.person, outcome.person_write = person, Written(person, None)
        if "consent_purpose" in values:
            purpose, kind = self.reference.purpose(values["consent_purpose"])
            consent = new_consent(values, purpose, kind, self.reference)
            consent["uid"], consent["subject_id"] = consent_uid, pk
            outcome.consents = [Written(consent, uid)]
        if "agreement_number" in values:
            outcome.agreement = Written(self.agreement(values, pk), uid)
        if self.opt_outs:
            outcome.suppressions = [Written(each, uid) for each in self.suppressions(values, pk)]

    def agreement(self, values, pk):
        """A new agreement of anybody."""
        return {
            "operator_id": self.operator,
            "subject_id": pk,
            "number": values["agreement_number"],
            "concluded_on": values.get("agreement_on"),
            "ended_on": None,
        }

    def suppressions(self, values, pk, opted_out=()):
        """An opt-out is recorded where none stands. A file never lifts one."""
        said = dict.fromkeys(channel for field, channel in self.opt_outs if values.get(field))
        return [
            {
                "operator_id": self.operator,
                "subject_id": pk,
                "channel": channel,
                "since_on": self.today,
                "ended_on": None,
                "source": SOURCE,
            }
            for channel in said
            if (pk, channel) not in opted_out
        ]
