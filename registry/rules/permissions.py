"""What the CRM may do with a person, cell by cell, as the basis gate, opt-outs and blocks decide it at an instant."""

import datetime as dt
from typing import NamedTuple

from registry.choices import Channel

CHANNELS = (Channel.EMAIL.value, Channel.CALL.value, Channel.MESSAGE.value)
# Why, as codes the CRM can rely on; the first that applies to the person is given.
GONE, BLOCKED, BLOCKED_ELSEWHERE, WITHDRAWN, OPTED_OUT, OPTED_OUT_ELSEWHERE, NO_GROUND, GROUND_ENDED, CONSENT, AGREEMENT, NORM = (
    "gone", "blocked", "blocked_elsewhere", "withdrawn", "opted_out", "opted_out_elsewhere", "no_ground", "ground_ended",
    "consent", "agreement", "norm",
)  # fmt: skip


class PersonFacts(NamedTuple):
    """`grounds`: the kinds of the live grounds, one for each purpose that has one, with the day each began.

    `transferable`: whether a live consent lets data go to third parties. Elsewhere: under another CRM id with the same address, as
    `rules.suppression` has it, or for a block with the same IIN.
    """

    is_blocked: bool
    blocked_since: dt.date | None
    grounds: tuple[tuple[str, dt.date | None], ...]
    opted_out: tuple[tuple[str, dt.date], ...]  # channel, since when
    transferable: bool
    last_withdrawal: dt.date | None
    last_end: dt.date | None
    opted_out_elsewhere: tuple[tuple[str, dt.date], ...] = ()
    blocked_elsewhere_since: dt.date | None = None


class Permissions(NamedTuple):
    """A row of the permissions file but for the CRM id. `since`: the day the reason holds from, where it is known."""

    may_mail: bool
    may_call: bool
    may_message: bool
    may_transfer: bool
    blocked: bool
    to_be_removed: bool
    since: dt.date | None
    why: str


def permissions(facts: PersonFacts) -> Permissions:
    """Nothing without a live ground, nothing while blocked, nothing on a channel that an opt-out stops."""
    stopped = dict(facts.opted_out_elsewhere + facts.opted_out)
    blocked = facts.is_blocked or facts.blocked_elsewhere_since is not None
    may = bool(facts.grounds) and not blocked
    channels = [may and channel not in stopped for channel in CHANNELS]
    removable = not facts.grounds and not blocked  # 94-V: what is blocked is not destroyed either
    return Permissions(*channels, may and facts.transferable, blocked, removable, *_why(facts))


def of_nobody(since, blocked_since=None, blocked_elsewhere_since=None) -> Permissions:
    """What is allowed with a CRM id that has been nobody's since that day: it is taken out of the CRM, unless whoever had it is
    blocked: what is blocked is not destroyed either.
    """
    for blocked, why in ((blocked_since, BLOCKED), (blocked_elsewhere_since, BLOCKED_ELSEWHERE)):
        if blocked:
            return Permissions(False, False, False, False, True, False, blocked, why)
    return Permissions(False, False, False, False, False, True, since, GONE)


def _why(facts):
    if facts.is_blocked:
        return facts.blocked_since, BLOCKED
    if facts.blocked_elsewhere_since:
        return facts.blocked_elsewhere_since, BLOCKED_ELSEWHERE
    if not facts.grounds:
        if facts.last_withdrawal:
            return facts.last_withdrawal, WITHDRAWN
        return (facts.last_end, GROUND_ENDED) if facts.last_end else (None, NO_GROUND)
    for opted_out, why in ((facts.opted_out, OPTED_OUT), (facts.opted_out_elsewhere, OPTED_OUT_ELSEWHERE)):
        if opted_out:
            return min(since for _channel, since in opted_out), why
    kind, since = ground_told(facts)
    return since, kind


def ground_told(facts):
    """Of the live grounds the one that is named, with the day it began: a consent before an agreement before a norm, the oldest first."""
    return min(
        facts.grounds, key=lambda ground: ((CONSENT, AGREEMENT, NORM).index(ground[0]), ground[1] or dt.date.max)
    )
