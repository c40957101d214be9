"""Special and biometric categories of an operator whose policy says that it processes none (Almaenergy 5.6)."""

from django.utils.translation import gettext as _

from registry.choices import NormTopic
from registry.rules.blockers import Blocker


def marking_blockers(category: str, *, excluded: bool, clause: str = "") -> list[Blocker]:
    """Why a data category must not be marked as special or biometric; empty means it may. `clause` is the one that excludes them."""
    if not excluded:
        return []
    message = _(
        "The operator declares that it processes no special categories: “%s” is not marked as special or biometric, and not "
        "collected. Leave it out, or change the policy first and then the declaration on the page of the operator."
    )
    return [Blocker("special-excluded", message % category, NormTopic.SPECIAL_CATEGORIES, "is_special", clause=clause)]


def declaration_blockers(marked: list[str], *, clause: str = "") -> list[Blocker]:
    """Why an operator must not declare that it processes no special categories: those that are marked so."""
    if not marked:
        return []
    message = _("Categories that are marked as special or biometric: %s. Delete them, or correct their marks first.")
    said = message % "; ".join(f"“{name}”" for name in marked)
    return [Blocker("special-kept", said, NormTopic.SPECIAL_CATEGORIES, "excludes_special", clause=clause)]
