"""What a letter must not hold when it is signed: a place that was left for the officer to fill."""

import re

from django.utils.translation import gettext as _

from registry.choices import NormTopic
from registry.rules.blockers import Blocker

OPEN_PLACE = re.compile(r"\[… [^\[\]]*\]")


def open_place(what: str) -> str:
    """A place in a text for what only the officer knows."""
    return f"[… {what}]"


def unfinished_blockers(text: str) -> list[Blocker]:
    """One for each place that is still open."""
    message = _("“%s” is still to be written: fill it in, or delete it.")
    return [
        Blocker("open-place", message % place, NormTopic.SUBJECT_RIGHTS, "text")
        for place in dict.fromkeys(OPEN_PLACE.findall(text))
    ]
