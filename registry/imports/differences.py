"""What a row would change, as old and new values for the preview."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from registry.journal.bulk import Written
from registry.models import Agreement, Consent, DataSubject, Suppression

from .compare import NEW, Outcome
from .room import Room, fit, html_bytes

# What a new one of these is told by.
TOLD_BY = {Consent: "given_on", Agreement: "number", Suppression: "channel"}
# Not for people's eyes: ids, and what is made of other fields.
HIDDEN = {"id", "uid", "operator_id", "subject_id", "search_key", "state", "purpose_id", "policy_id", "kind"}
VALUE_SHOWN = 60
# Bytes of HTML without the texts: of a row, of a value of somebody new, of a change and its old value; and what a text is cut
# to where its row has no room.
ROW_MARKUP, NEW_MARKUP, CHANGE_MARKUP, OLD_MARKUP, SHORT = 140, 18, 30, 24, 90


class Change(NamedTuple):
    label: str
    old: str
    new: str


class Difference(NamedTuple):
    """One row of the preview. more: how many further changes of the row there was no room for."""

    line: int
    crm_id: str
    kind: str
    changes: list
    more: int = 0


def difference(outcome: Outcome, room: Room) -> Difference:
    changes = []
    for model, write in outcome.writes:
        changes += _changes(model, write)
    crm_id, share = fit(outcome.row.crm_id, SHORT), room.share
    shown, used = [], ROW_MARKUP + html_bytes(crm_id)
    for change in changes:
        size = _size(change, outcome.kind)
        if used + size > share and not shown:
            change = Change(change.label, fit(change.old, SHORT), fit(change.new, SHORT))
            size = _size(change, outcome.kind)
        elif used + size > share:
            break
        shown.append(change)
        used += size
    room.take(used)
    return Difference(outcome.row.line, crm_id, outcome.kind, shown, len(changes) - len(shown))


def _size(change, kind):
    markup = NEW_MARKUP if kind == NEW else CHANGE_MARKUP + (OLD_MARKUP if change.old else 0)
    return markup + sum(map(html_bytes, change))


def _changes(model, write: Written):
    """New consents, agreements and opt-outs in one line each; of everything else the fields that get another value."""
    if write.before is None and model in TOLD_BY:
        name = TOLD_BY[model]
        return [Change(_label(model, ""), "", _shown(model, name, write.values[name]))]
    before = write.before or {}
    found = []
    for name, value in write.values.items():
        old = before.get(name)
        if name in HIDDEN or value == old or (not write.before and value in (None, "", "CRM")) or name == "crm_id":
            continue
        found.append(Change(_label(model, name), _shown(model, name, old), _shown(model, name, value)))
    return found


def _label(model, name):
    own = model._meta.get_field(name).verbose_name if name else ""
    if model is DataSubject:
        return str(own)
    return f"{model._meta.verbose_name}{': ' if name else ''}{own}"


def _shown(model, name, value):
    """The value as the pages of the register show it: words for codes, yes and no."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    choices = dict(model._meta.get_field(name).flatchoices)
    text = "" if value is None else str(choices.get(value, value))
    return text if len(text) <= VALUE_SHOWN else text[:VALUE_SHOWN] + "…"
