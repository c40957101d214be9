"""Columns that are only read, for what they say against the consent of their row. In doubt it does not stand."""

from django.utils.translation import gettext_lazy as _

from registry.rules.consent_words import consent_said, status_said
from registry.rules.dates import parse_date, readings

from .cells import yes_or_no

OTHER_GROUND = _("the CRM names another ground than consent: its cells about consent are left out")
NOT_STANDING = _(
    "the CRM does not say that the consent stands: its cells about consent are left out. If it was withdrawn, record that on the "
    "consent's page"
)
WITHDRAWN = _(
    "the CRM says that the consent was withdrawn: its cells about consent are left out. Record the withdrawal on the consent's page"
)


def _by_basis(text, today):
    said = consent_said(text)
    return OTHER_GROUND if said is None else "" if said else NOT_STANDING


def _by_status(text, today):
    """Yes or no, words about consent, or the day it was given."""
    said = yes_or_no(text)
    if said is None:
        said = status_said(text) or bool(readings(text)) or not parse_date(text, today=today).error
    return "" if said else NOT_STANDING


def _by_withdrawal(text, today):
    return "" if yes_or_no(text) is False else WITHDRAWN


# What a cell that is not blank says against the consent: a sentence, or an empty text.
AGAINST = {"consent_withdrawn": _by_withdrawal, "consent_stands": _by_status, "legal_basis": _by_basis}
