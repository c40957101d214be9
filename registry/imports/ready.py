"""Chunks of a run made ready to be written: all that needs no lock is done before one is taken."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from itertools import chain, islice

from django.db import OperationalError, connection

from registry.journal import bulk, copying
from registry.journal.shape import shape_of
from registry.models import Agreement, Consent, DataSubject, Suppression
from registry.models.base import uuid7s

from .beside import Beside
from .compare import CHANGED, NEW
from .planned_rows import Chunk, Planned, PlannedRows

# People first: what is about them refers to them.
MODELS = (DataSubject, Consent, Agreement, Suppression)


def layout():
    """What is sent, and how rows lie in batches: those of a process with other columns cannot be written here."""
    columns = [(shape.table_columns, shape.history_columns) for shape in map(shape_of, MODELS)]
    return ["lists of packed batches", [field.name for field in fields(Ready)], *columns]


@dataclass(slots=True)
class Ready:
    """A chunk with the batches that write it, and whom and what that changes.

    letters: what the plan showed of each row; kinds: what becomes of it. people: uid → id of those who change; moved: the ids
    of those of them whose consents or agreements do; consents, agreements: the ids of those that are changed.
    chunk and outcomes are with it where it was made in this process.
    """

    letters: str
    kinds: list
    passed: Counter
    batches: list
    people: dict
    moved: list
    consents: list
    agreements: list
    chunk: Chunk | None
    outcomes: list | None

    def to_go(self):
        """As it goes to another process: rows and outcomes are many times what writes them."""
        return replace(self, batches=[batch.packed() for batch in self.batches], chunk=None, outcomes=None)


def batches_of(together):
    """What writes these chunks, those of people first: one that has none may come before one that has."""
    batches = chain.from_iterable(ready.batches for ready in together)
    return sorted(batches, key=lambda batch: MODELS.index(batch.shape.model))


class Ids:
    """Ids for people who are new: whoever else enters somebody meanwhile gets another one.

    On SQLite they are reserved for a few chunks at a time. Not for all of an import: whoever has a lower key than the highest
    counts as somebody who was there when that one came.
    """

    CHUNKS_AHEAD, TRIES = 4, 3

    def __init__(self):
        self.reserved = range(0)

    def take(self, count):
        if not count:
            return ()
        if connection.vendor != "sqlite":
            return copying.next_ids(DataSubject, count)
        if len(self.reserved) < count:
            self.reserved = self._reserve(count * self.CHUNKS_AHEAD)
        taken, self.reserved = self.reserved[:count], self.reserved[count:]
        return taken

    def _reserve(self, count):
        for _try in range(self.TRIES - 1):
            with suppress(OperationalError):  # somebody writes for long
                return copying.reserved_ids(DataSubject, count)
        return copying.reserved_ids(DataSubject, count)


class Maker:
    """Makes the chunks of one run ready. unit: who acts; the run says how far it is written. made: how many of its rows are ready."""

    def __init__(self, planned: Planned, run, unit=None):
        self.rows, self.comparison = PlannedRows(planned, run), planned.comparison
        self.run, self.unit, self.made = run, unit, run.rows_done
        self.operator = self.comparison.operator.code
        self.ids = Ids()
        self.again_from, self.read_again = 0, None

    def chunks(self):
        """Lists of ready chunks in turn, as far as the run is not done. Those of a long run are made by a process beside this one as
        soon as it is up; what it does not come to is made here."""
        with Beside.of(self.run, self.rows.still_to_write(self.made)) as beside:
            for chunks in self.rows.chunks(self.made):
                if beside.is_up():
                    break
                yield self._counted(self.ready(chunks))
            yield from map(self._counted, beside.chunks(self))
        if self.made < len(self.rows.kinds):
            yield from map(self._counted, map(self.ready, self.rows.chunks(self.made)))

    def _counted(self, made):
        self.made += sum(len(ready.letters) + ready.passed.total() for ready in made)
        return made

    def ready(self, chunks) -> list[Ready]:
        """Chunks that follow each other are made together."""
        rows = list(chain.from_iterable(chunk.rows for chunk in chunks))
        outcomes = self.comparison.outcomes(self.rows.file.cleaned(rows))
        new = [outcome for outcome in outcomes if outcome.kind == NEW]
        uids = uuid7s(2 * len(new))
        for outcome, pk, uid, consent_uid in zip(new, self.ids.take(len(new)), uids, uids, strict=True):
            self.comparison.new_people.write(outcome, pk, uid, consent_uid)
        outcomes = iter(outcomes)
        return [self.of(chunk, list(islice(outcomes, len(chunk.rows)))) for chunk in chunks]

    def again(self, ready) -> Ready:
        """The same chunk against the register as it is now. What was made elsewhere is read again, forward only."""
        if not ready.chunk:
            if not self.read_again:
                self.again_from = self.run.rows_done
                self.read_again = chain.from_iterable(self.rows.chunks(self.run.rows_done))
            while not ready.chunk:
                chunk, begins = next(self.read_again), self.again_from
                self.again_from += chunk.length
                if begins == self.run.rows_done:
                    ready.chunk = chunk
        return self.ready([ready.chunk])[0]

    def of(self, chunk, outcomes) -> Ready:
        """What these outcomes of a chunk write."""
        changed = [outcome for outcome in outcomes if outcome.kind == CHANGED]
        return Ready(
            chunk.letters,
            [outcome.kind for outcome in outcomes],
            chunk.passed,
            self._batches(outcomes),
            {outcome.person["uid"]: outcome.person["id"] for outcome in changed},
            [outcome.person["id"] for outcome in changed if outcome.consents or outcome.agreement],
            [write.before["id"] for outcome in changed for write in outcome.consents if write.before],
            [each.agreement.before["id"] for each in changed if each.agreement and each.agreement.before],
            chunk,
            outcomes,
        )

    def _batches(self, outcomes):
        writes = {model: [] for model in MODELS}
        for outcome in outcomes:
            if outcome.person_write:
                writes[DataSubject].append(outcome.person_write)
            if outcome.consents:
                writes[Consent] += outcome.consents
            if outcome.agreement:
                writes[Agreement].append(outcome.agreement)
            if outcome.suppressions:
                writes[Suppression] += outcome.suppressions
        return [bulk.prepare(model, rows, self.unit, operator=self.operator) for model, rows in writes.items() if rows]
