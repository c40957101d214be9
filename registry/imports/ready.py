"""Chunks of a run made ready to be written: all that needs no lock is done before one is taken."""

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection
from django.utils import translation

from registry.journal import bulk, copying
from registry.models import Agreement, Consent, DataSubject, Suppression
from registry.models.base import uuid7s

from .compare import NEW, Known
from .planned_rows import Chunk

# People first: what is about them refers to them.
MODELS = (DataSubject, Consent, Agreement, Suppression)
# What the database has answered waits for Python's lock as long as the other thread may hold it.
TURN_SECONDS, USUAL_TURN_SECONDS = 0.001, sys.getswitchinterval()


class Found(NamedTuple):
    """What had to be asked of the database about a chunk: who is known, and ids for people who are not."""

    known: Known
    ids: list

    def still_holds(self):
        """On SQLite ids are only foreseen: whoever wrote people since may have taken them. Others are given out for good."""
        if connection.vendor == "postgresql" or not self.ids:
            return True
        return copying.next_ids(DataSubject, 1)[0] <= self.ids[0]


@dataclass(slots=True)
class Ready:
    """A chunk with what becomes of its rows, and the batches that write it."""

    chunk: Chunk
    found: Found
    outcomes: list
    batches: list


class Maker:
    """Makes chunks of one run ready. unit: who acts."""

    def __init__(self, comparison, unit):
        self.comparison, self.unit = comparison, unit
        self.operator = comparison.operator.code
        self.last_id = 0

    def chunks(self, chunks):
        """Ready chunks in turn: the next one is read and made while the caller writes the one before, and the database works."""
        with _quick_turns(), ThreadPoolExecutor(1, "chunks", translation.activate, (_language(),)) as helper:
            reading, ready = helper.submit(next, chunks, None), None
            while chunk := reading.result():
                making = helper.submit(self.make, chunk, self.find(chunk.rows))
                reading = helper.submit(next, chunks, None)
                if ready:
                    yield ready
                ready = making.result()
                if not ready.found.still_holds():
                    ready = self.ready(ready.chunk)
            if ready:
                yield ready

    def ready(self, chunk) -> Ready:
        return self.make(chunk, self.find(chunk.rows))

    def find(self, rows) -> Found:
        known = self.comparison.known(rows)
        strangers = sum(row.crm_id not in known.people and not row.errors for row in rows)
        ids = copying.next_ids(DataSubject, strangers) if strangers else []
        if ids and ids[0] <= self.last_id:  # foreseen for the chunk before, which is not written yet
            ids = list(range(self.last_id + 1, self.last_id + 1 + strangers))
        self.last_id = ids[-1] if ids else self.last_id
        return Found(known, ids)

    def make(self, chunk, found) -> Ready:
        """Needs no database."""
        outcomes = self.comparison.judge(chunk.rows, found.known)
        ids, uids = iter(found.ids), uuid7s(2 * len(outcomes))
        for outcome in outcomes:
            if outcome.kind == NEW:
                self.comparison.new_people.write(outcome, next(ids), next(uids), next(uids))
        return Ready(chunk, found, outcomes, self.batches(outcomes))

    def batches(self, outcomes):
        """What these outcomes write."""
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


def _language():
    return translation.get_language() or "en"


@contextmanager
def _quick_turns():
    sys.setswitchinterval(TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(USUAL_TURN_SECONDS)
