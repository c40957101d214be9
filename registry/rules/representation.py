"""Data that somebody enters for another person: only with papers that prove the right to act for them (Alfa-Lab 2.4; 94-V art. 7(1))."""

from django.utils.translation import gettext as _

from registry.choices import NormTopic
from registry.rules.blockers import Blocker


def authority_blockers(category: str, *, is_represented: bool, has_authority: bool, clause: str = "") -> list[Blocker]:
    """Why a person must not be put into a category of people whom others represent; empty means they may.

    `has_authority`: a representative of the person has a document that is valid today.
    """
    if not is_represented or has_authority:
        return []
    message = _(
        "People of “%s” are represented by others, and nobody has proved the right to act for this person. Record the representative "
        "with a valid document first, or refuse the data."
    )
    return [Blocker("no-authority", message % category, NormTopic.LAWFUL_BASIS, "category", clause=clause)]
