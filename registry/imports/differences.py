"""What a row would change, as old and new values for the preview."""

from typing import NamedTuple

from registry.journal.bulk import Written
from registry.models import Agreement, Consent, DataSubject

from .compare import Outcome

# Not for people's eyes: ids, and what is made of other fields.
HIDDEN = {"id", "uid", "operator_id", "subject_id", "search_key", "state", "purpose_id", "policy_id", "kind"}
VALUE_SHOWN = 60


class Change(NamedTuple):
    label: str
    old: str
    new: str


class Difference(NamedTuple):
    """One row of the preview. title: which record of the person, empty for the person's own."""

    line: int
    crm_id: str
    kind: str
    changes: list


def difference(outcome: Outcome) -> Difference:
    changes = []
    for model, write in outcome.writes:
        changes += _changes(model, write)
    return Difference(outcome.row.line, outcome.row.crm_id, outcome.kind, changes)


def _changes(model, write: Written):
    """New consents and agreements in one line each; of everything else the fields that get another value."""
    if write.before is None and model is Consent:
        return [Change(_label(model, ""), "", _shown(write.values["given_on"]))]
    if write.before is None and model is Agreement:
        return [Change(_label(model, ""), "", _shown(write.values["number"]))]
    before = write.before or {}
    found = []
    for name, value in write.values.items():
        old = before.get(name)
        if name in HIDDEN or value == old or (not write.before and value in (None, "", "CRM")) or name == "crm_id":
            continue
        found.append(Change(_label(model, name), _shown(old), _shown(value)))
    return found


def _label(model, name):
    own = model._meta.get_field(name).verbose_name if name else ""
    if model is DataSubject:
        return str(own)
    return f"{model._meta.verbose_name}{': ' if name else ''}{own}"


def _shown(value):
    text = "" if value is None else str(value)
    return text if len(text) <= VALUE_SHOWN else text[:VALUE_SHOWN] + "…"
