"""What ends the processing of a person's data for a purpose: of several events the one that comes first (policies 8.9 and 10.9)."""

import datetime as dt
from typing import NamedTuple

CONSENT, AGREEMENT, DECISION, REACHED, STOP = "consent", "agreement", "decision", "reached", "stop"


class Ends(NamedTuple):
    """The last day that each event leaves, None where none is known: of the consent, of the agreement, of the decision that the basis
    rests on, of the last activity of the purpose, and the day from which on the operator itself stops.
    """

    consent: dt.date | None = None
    agreement: dt.date | None = None
    decision: dt.date | None = None
    reached: dt.date | None = None
    stop: dt.date | None = None


class FirstEnd(NamedTuple):
    """What ends it first, and its last day; without one it lasts until the purpose is reached (94-V art. 8(6), 12(2))."""

    by: str
    on: dt.date | None = None


def first_end(ends: Ends) -> FirstEnd:
    """The earliest of these ends; of two on one day the one named first."""
    dated = [FirstEnd(by, on) for by, on in ends._asdict().items() if on is not None]
    return min(dated, key=lambda end: end.on, default=FirstEnd(REACHED))
