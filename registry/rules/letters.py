"""What a letter must not hold when it is signed: a place that was left for the officer to fill. And what keeps mail from leaving."""

import re
import smtplib

from django.utils.translation import gettext as _

from registry.choices import NormTopic
from registry.rules.blockers import Blocker

# A server that is away, one that refuses, an address that is none. Their own words may hold an address and are not kept.
MAIL_FAILURES = (smtplib.SMTPException, OSError, ValueError)
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
