"""A consent in a file against the stored ones of the same person, purpose and kind."""

from django.utils import timezone
from django.utils.translation import gettext as _

from registry.rules.consent import Term, ends_by_renewal, meant_too, reaches_into, standing_withdrawal
from registry.rules.grounds import MARKETING, PROCESSING

OTHER_KIND = {PROCESSING: MARKETING, MARKETING: PROCESSING}
ITEMS = {
    "consent_expires_on": "expires_on",
    "consent_channel": "channel",
    "third_parties": "third_parties",
    "cross_border": "cross_border",
    "publication": "publication",
}
ALLOWING = ("third_parties", "cross_border", "publication")


def compare_consent(values, stored, purpose, kind, reference, of_other_kind=(), defaults=(), withdrew_on=None):
    """(writes as (after, before) pairs, the consent as it will stand, why the file's yes does not count).

    A withdrawal in the register beats a yes given until that day, also where it is of the other kind: a file says the purpose
    alone, and whether that is marketing may have been corrected since. So does a case in which the person withdrew consent
    (`withdrew_on`), of a yes that the register did not know then. A later given_on is a renewal and ends the one before, an
    older one than the stored is kept as the past it is: what each write ends is what Consent.save() would end. What is only a
    default of the file (`defaults`, by column) is said of a consent that is known where nothing else is.
    """
    same = next((consent for consent in stored if consent["given_on"] == values["consent_given_on"]), None)
    if why := _does_not_count(values["consent_given_on"], same, stored, of_other_kind, withdrew_on):
        return [], None, why
    final = _said_again(same, values, defaults, reference) if same else new_consent(values, purpose, kind, reference)
    if why := _does_not_fit(final, same, stored):
        return [], None, why
    others = [consent for consent in stored if consent is not same]
    [final["ended_on"], *ends] = ends_by_renewal([_term(consent) for consent in (final, *others)])
    writes = [] if final == same else [(final, same)]
    writes += [
        (consent | {"ended_on": ended_on}, consent)
        for consent, ended_on in zip(others, ends, strict=True)
        if consent["ended_on"] != ended_on
    ]
    return writes, final, ""


def _does_not_count(given_on, same, stored, of_other_kind, withdrew_on):
    """Why a yes of that day ended by a withdrawal, if it did. `same` is this very consent, where it is known: withdrawn or not."""
    withdrawn = map(_withdrawn_on, stored if same else (*stored, *of_other_kind))
    if day := standing_withdrawal(given_on, list(withdrawn)):
        return _("the consent was withdrawn on %(day)s, after this date: the withdrawal stands") % {"day": day}
    if meant_too(given_on, same and _term(same), withdrew_on):
        said = _(
            "the person withdrew consent on %(day)s, after this date: if this one was not meant, record it by hand"
        )
        return said % {"day": withdrew_on}
    return ""


def _said_again(same, values, defaults, reference):
    """A known consent with the items that a file has for it."""
    items = {
        name: values[column]
        for column, name in ITEMS.items()
        if column in values and (column not in defaults or _is_open(same, name))
    }
    data_list = same["data_list"] or reference.data_lists.get(same["purpose_id"], "")
    return (
        same | items | {"data_list": data_list, "policy_id": same["policy_id"] or reference.policy_on(same["given_on"])}
    )


def _does_not_fit(final, same, stored):
    """Why a consent cannot stand so beside what the register has."""
    if same and final["expires_on"] and final["expires_on"] < same["given_on"]:
        said = _("it would end on %(end)s, before the %(given)s on which the register has it given: it stays as it is")
        return said % {"end": final["expires_on"], "given": same["given_on"]}
    if not same and (day := reaches_into(_term(final), list(map(_term, stored)))):
        said = _("a later consent of %(day)s stands already, and this one would reach into it: it is left out")
        return said % {"day": day}
    return ""


def widened(after, before):
    """The columns in which a consent says that it allows more than it did, or for longer."""
    return [column for column, name in ITEMS.items() if name in ALLOWING and before[name] is False and after[name]] + (
        ["consent_expires_on"] if _lasts_longer(after["expires_on"], before["expires_on"]) else []
    )


def _lasts_longer(end, before):
    return before is not None and (end is None or end > before)


def new_consent(values, purpose, kind, reference):
    """A consent without id, uid and person."""
    given_on = values["consent_given_on"]
    return {
        "operator_id": reference.operator.pk,
        "purpose_id": purpose,
        "policy_id": reference.policy_on(given_on),
        "kind": kind,
        "given_on": given_on,
        "expires_on": values.get("consent_expires_on"),
        "until_purpose_reached": False,
        "third_parties": values.get("third_parties"),
        "cross_border": values.get("cross_border"),
        "publication": values.get("publication"),
        "data_list": reference.data_lists.get(purpose, ""),
        "other_terms": "",
        "channel": values.get("consent_channel", ""),
        "evidence": "",
        "is_implied": None,
        "is_separate": None,
        "publication_due_on": None,
        "conditions_published_on": None,
        "conditions_url": "",
        "ended_on": None,
        "withdrawn_at": None,
        "withdrawn_by_id": None,
    }


def _is_open(consent, name):
    """Whether the register does not say it. “Until the purpose is reached” says when a consent ends."""
    return consent[name] in (None, "") and not (name == "expires_on" and consent["until_purpose_reached"])


def _withdrawn_on(consent):
    return timezone.localdate(consent["withdrawn_at"]) if consent["withdrawn_at"] else None


def _term(consent):
    return Term(consent["given_on"], consent["expires_on"], _withdrawn_on(consent))
