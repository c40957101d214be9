"""Who has to be told that a consent was withdrawn, and which terms of the law then run."""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import NamedTuple

from registry.choices import RequestKind, Trigger
from registry.rules.grounds import DISTRIBUTION, MARKETING, PROCESSING

CONSENT, INSTRUCTION = "consent", "instruction"
# What stops sooner than processing does: messages and distribution at once (152-FZ arts 15(2), 10.1(13)).
OF_CONSENTS = {MARKETING: Trigger.MARKETING_STOP, DISTRIBUTION: Trigger.DISTRIBUTION_STOP}
OF_REQUESTS = {RequestKind.STOP_PROCESSING: Trigger.STOP_DEMAND}


class DisclosureFacts(NamedTuple):
    """What left: on which ground, for which purposes (of its activity; none where nobody has said), and whether it names the
    person or so many people."""

    ground: str
    purposes: frozenset[int]
    disclosed_on: dt.date
    names_person: bool


class WithdrawalFacts(NamedTuple):
    """`consented`: the purposes whose consents are withdrawn, with the day of the first; `stopped`: those that rest on nothing
    any more."""

    consented: Mapping[int, dt.date]
    stopped: frozenset[int]


def must_be_told(disclosure: DisclosureFacts, withdrawal: WithdrawalFacts) -> bool:
    """Whether its recipient is to be told to stop.

    Who was given the data by consent has lost the ground for them; who processes them for the operator stops with it. State
    bodies and others who hold them by a norm do not. A disclosure of many people counts where it was made for the purpose while
    the person had consented: they may have been among them, and one notice too many harms nobody.
    """
    lost = {CONSENT: frozenset(withdrawal.consented), INSTRUCTION: withdrawal.stopped}.get(
        disclosure.ground, frozenset()
    )
    if disclosure.names_person and not disclosure.purposes:
        return bool(lost)
    concerned = disclosure.purposes & lost
    return bool(concerned) and (
        disclosure.names_person
        or any(disclosure.disclosed_on >= withdrawal.consented.get(each, dt.date.max) for each in concerned)
    )


def messages_stop(withdrawn: Collection[str], left: Collection[str]) -> bool:
    """Whether the person is left in peace on every channel from now on; by the kinds of the consents withdrawn, and of those that
    still stand. The last consent to marketing takes messages along, and so does the last consent of all."""
    if MARKETING in withdrawn and MARKETING not in left:
        return True
    carrying = {MARKETING, PROCESSING}
    return bool(carrying & set(withdrawn)) and not carrying & set(left)


def stop_triggers(consent_kinds: Collection[str], request_kind: str = "") -> set[str]:
    """What sets the terms running in which everybody has to stop."""
    triggers = {Trigger.WITHDRAWAL} | {OF_CONSENTS[kind] for kind in consent_kinds if kind in OF_CONSENTS}
    return triggers | {OF_REQUESTS[kind] for kind in (request_kind,) if kind in OF_REQUESTS}
