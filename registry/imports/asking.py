"""A file whose columns somebody looks at: what it holds, what is asked of it, and what was answered so far."""

from itertools import islice
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from registry.models import ImportRun
from registry.models.runs import new_token

from . import storage
from .columns import fields_of, match_columns
from .crm_file import Said, as_said
from .date_order import both_readings, look
from .headers import recognised
from .inspection import FileRefused, inspect
from .reader import Table

SAMPLES = 3
SAMPLE_LENGTH = 40
ROWS_SAMPLED = 200
State = ImportRun.State


class Reading(NamedTuple):
    """A file as it would be read. samples: per column some values, personal, for its uploader only. trouble: a sentence, or empty.

    dates: samples of dates that can be read two ways, each with its readings.
    """

    table: Table
    fields: list
    samples: list
    dates: list
    trouble: str = ""

    @property
    def header(self):
        return self.table.header


def ask(run, said: Said, *, accept_damaged_names=False):
    """Has a run wait for its columns to be looked at; a plan made before can no longer be confirmed.

    AlreadyTaken where the run went on meanwhile.
    """
    with transaction.atomic():
        waiting = ImportRun.objects.filter(pk=run.pk, state=run.state, state__in=ImportRun.OPEN)
        asking = {"state": State.ASKING, "token": new_token(), "expires_at": storage.next_expiry()}
        if not waiting.update(**asking, source=run.source, accept_damaged_names=accept_damaged_names):
            raise storage.AlreadyTaken
        if run.state == State.UPLOADED:
            storage.write_plan(run, {"said": said._asdict()})
        else:  # beside the plan, which can still be confirmed where this is not committed
            storage.add_to_note(run, {"asked": said._asdict()})
    run.refresh_from_db()


def said_so_far(run) -> Said:
    """What was said of the run's file up to now. FileRefused where the file is gone."""
    if run.state == State.UPLOADED:
        return Said()
    kept = storage.read_plan(run)
    return as_said(kept["asked"] if run.state == State.ASKING and "asked" in kept else kept["said"])


def open_table(run, said: Said) -> Table:
    """The run's file with its header read; FileRefused where it is no table."""
    return Table(inspect(storage.file_of(run), encoding=said.encoding, delimiter=said.delimiter))


def reading(run, said: Said) -> Reading:
    """The file as read with what was said; FileRefused where it cannot be read as a table at all."""
    table = open_table(run, said)
    fields, trouble = recognised(table.header), ""
    try:
        numbers = {"numbered": said.numbered, "numbered_in": said.numbered_in}
        fields = fields_of(table.header, said.mapping, **numbers)
        match_columns(table.header, mapping=said.mapping, defaults=said.defaults, **numbers)
    except FileRefused as refusal:
        trouble = refusal.told
    places = {field: at for at, field in reversed(list(enumerate(fields))) if field}
    today = timezone.localdate()
    is_said = said.date_order and not said.order_remembered
    asked = [] if is_said else look(places, table, remembered=said.date_order).asked
    dates = [(text, both_readings(text, today)) for text in asked]
    return Reading(table, fields, _samples(table), dates, trouble)


def _samples(table):
    """The first different values of each column, cut short."""
    found = [[] for _name in table.header]
    for row in islice(table, ROWS_SAMPLED):
        for texts, cell in zip(found, row.cells, strict=False):
            text = cell.strip()[:SAMPLE_LENGTH]
            if text and len(texts) < SAMPLES and text not in texts:
                texts.append(text)
    return found
