"""What may still be done with blocked data, by law. Blocked is stored only; what narrows processing is always allowed."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from registry.choices import HandlingAct, NormTopic
from registry.rules.blockers import Blocker

NARROWING = frozenset({HandlingAct.NARROW, HandlingAct.READ})
# 94-V art. 1(3) stops change and destruction, too; 152-FZ lets data be clarified, for that is what its block is for.
ALLOWED = {"KZ-94-V": NARROWING, "RU-152-FZ": NARROWING | {HandlingAct.CHANGE}}


class BlockFacts(NamedTuple):
    """A block that stands: under which law, and for which activity (its id; None: everything)."""

    law: str
    activity: int | None = None


def block_blockers(act: str, blocks: list[BlockFacts], *, activities: frozenset[int] | None = None) -> list[Blocker]:
    """Why the act is refused, one blocker a law. `activities` are those it belongs to; None where it belongs to the person as a
    whole, which only a block of everything refuses.
    """
    found = []
    for law in dict.fromkeys(block.law for block in blocks):
        standing = [block for block in blocks if block.law == law and act not in ALLOWED.get(law, NARROWING)]
        if any(block.activity is None or (activities and block.activity in activities) for block in standing):
            message = _(
                "The data are blocked under %(law)s: %(act)s is refused until somebody else lifts the block."
            ) % {
                "law": law,
                "act": HandlingAct(act).label,
            }
            found.append(Blocker("blocked", message, NormTopic.BLOCKING, "subject", law))
    return found
