"""A process beside the one that applies a long run: it makes the chunks ready, so that writing them is all that is left to do.

It reads the register, takes ids there, and writes nothing else.
"""

import os
from typing import Any, NamedTuple

from .second_process import SecondProcess, may_begin, one_ahead

# A process takes a second to come up, and some eighty megabytes.
FEWEST_ROWS = 10_000


class Charge(NamedTuple):
    """What the process is told when it is up: who acts, and the rows to begin with, divided as the other one divides them."""

    unit: Any
    size: int
    changed: set | None
    done: int


class Beside(SecondProcess):
    """The process of a run, or none where the run is short."""

    @classmethod
    def of(cls, run, to_write):
        from django.db import connection

        # In a transaction another process would not see what this one has written.
        return cls(run if to_write >= FEWEST_ROWS and may_begin() and not connection.in_atomic_block else None)

    def __init__(self, run=None):
        if run:
            super().__init__(make_chunks, run.pk, layout=layout, does=f"makes chunks of import #{run.pk} ready")

    def chunks(self, maker):
        """Lists of ready chunks behind those that are made."""
        rows = maker.rows
        if maker.made < len(rows.kinds):
            yield from self.answers(Charge(maker.unit, rows.size, rows.changed, maker.made))


def layout():
    from . import ready

    return ready.layout()


def make_chunks(pipe, pk):
    """What the process does."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.without_pages"
    import django

    django.setup()
    from registry.models import ImportRun

    from .memory import seldom_collected
    from .planned_rows import Planned
    from .ready import Maker

    run = ImportRun.objects.get(pk=pk)
    with seldom_collected():
        maker = Maker(Planned.of(run), run)
        pipe.send(layout())
        charge = pipe.recv()
        maker.unit, maker.rows.size, maker.rows.changed = charge.unit, charge.size, charge.changed
        with one_ahead(pipe) as send:
            for chunks in maker.rows.chunks(charge.done):
                send([ready.to_go() for ready in maker.ready(chunks)])
            send(None)
