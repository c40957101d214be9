"""Cross-border transfers after the start: what a day or a country's standing does to them, and what it would do."""

from typing import NamedTuple

from registry.journal import record, unit_of_work
from registry.models import CrossBorderTransfer, Operator
from registry.models.transfer_facts import settle_transfers, would_change


class Changes(NamedTuple):
    """Transfers suspended, and transfers taken up again."""

    suspended: list[CrossBorderTransfer]
    resumed: list[CrossBorderTransfer]


def check_transfers(*, by, role="system", operator: Operator | None = None) -> Changes:
    """Suspends and takes up again what today brings: the standing of a country that begins or ends, a prohibition. Idempotent."""
    with unit_of_work(by=by, role=role, operator=operator):
        return Changes(*settle_transfers(**({"operator": operator} if operator else {})))


def what_if(country, law, *, protects, on, by, role="system", operator: Operator | None = None) -> Changes:
    """What would be suspended and taken up again if the law's standing of the country were that on a day, all else as it is known now.

    Changes nothing; leaves one entry in the journal, with how many are concerned.
    """
    with unit_of_work(by=by, role=role, operator=operator):
        found = Changes(
            *would_change(country, law, protects=protects, on=on, **({"operator": operator} if operator else {}))
        )
        count = len(found.suspended) + len(found.resumed)
        record("transfer.what_if", object_type="crossbordertransfer", count=count)
        return found
