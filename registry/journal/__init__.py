"""The tamper-evident journal: commitments in a hash chain, values in the history. See docs/journal.md."""

from .history import History
from .unit import JournalUnavailable, OutsideUnitOfWork, current_unit, reading, record, unit_of_work

__all__ = ["History", "JournalUnavailable", "OutsideUnitOfWork", "current_unit", "reading", "record", "unit_of_work"]
