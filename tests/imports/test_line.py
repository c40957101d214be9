"""The line on which a command says how far it has come: on a terminal, and nowhere else."""

import io
import re
import sys
from types import SimpleNamespace

import pytest
from django.core.management import call_command

from registry.management import line
from registry.management.line import Line
from registry.models import ImportRun

from .crm import csv_of, person

APPLYING, UNDOING = ImportRun.State.APPLYING, ImportRun.State.UNDOING


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def at(monkeypatch):
    """Sets the clock of the line, in seconds. The terminal has eighty columns."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(line, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setenv("COLUMNS", "80")

    def tell(seconds, line, done, *, state=APPLYING):
        clock.now = 100.0 + seconds
        line(ImportRun(rows_expected=1000, state=state), done)

    return tell


def written(stream):
    return stream.getvalue().replace("\u00a0", " ")


def test_line_rewrites_itself_and_ends_when_done(at):
    """Each time from the beginning of the line; blanks over what was longer before; the next thing said has its own line."""
    terminal = Terminal()
    with Line(terminal) as progress:
        at(0, progress, 0)
        at(2, progress, 500)
        at(4, progress, 1000)
    assert written(terminal) == (
        "\r0 of 1 000 rows"
        "\r500 of 1 000 rows, 250 a second, 2 s left"
        "\r1 000 of 1 000 rows, 250 a second        "  # 33 letters over 41
        "\n"
    )


def test_line_ends_where_the_step_fails(at):
    """What is said of the failure does not begin in the middle of the line."""
    terminal = Terminal()
    with pytest.raises(RuntimeError), Line(terminal) as progress:
        at(0, progress, 10)
        raise RuntimeError
    assert written(terminal) == "\r10 of 1 000 rows\n"


def test_line_is_written_five_times_a_second_and_at_the_end(at):
    """Of steps in between nothing is written, the last one excepted: 0.19 s is too soon, 0.2 s is not."""
    terminal = Terminal()
    with Line(terminal) as progress:
        for seconds, done in ((0, 1), (0.19, 2), (0.21, 3), (0.3, 4), (0.31, 1000)):
            at(seconds, progress, done)
    assert re.findall(r"\r([\d ]+) of", written(terminal)) == ["1", "3", "1 000"]


def test_line_is_no_longer_than_the_terminal_is_wide(at, monkeypatch):
    """A line that breaks could not be written over; the last column stays free."""
    monkeypatch.setenv("COLUMNS", "20")
    terminal = Terminal()
    with Line(terminal) as progress:
        at(0, progress, 0)
        at(2, progress, 500)
    assert written(terminal) == "\r0 of 1 000 rows\r500 of 1 000 rows, \n"


def test_what_is_undone_is_counted_in_people(at):
    """An import is undone person by person."""
    terminal = Terminal()
    at(0, Line(terminal), 7, state=UNDOING)
    assert written(terminal) == "\r7 of 1 000 people"


def test_nothing_is_written_where_there_is_no_terminal(at):
    """Neither the line nor its end stands in a log or in the mail of cron."""
    stream = io.StringIO()
    with Line(stream) as progress:
        at(0, progress, 0)
        at(2, progress, 1000)
    assert stream.getvalue() == ""


def test_nothing_is_written_where_nothing_was_told():
    """A step that ends before its first chunk leaves no blank line."""
    terminal = Terminal()
    with Line(terminal):
        pass
    assert terminal.getvalue() == ""


@pytest.fixture
def imported(crm, chunks_of_two, tmp_path, monkeypatch):
    """(what a stream for errors and what the output hold) when five people were imported, two at a time."""
    monkeypatch.setattr(line, "EVERY_SECONDS", 0)
    monkeypatch.setenv("COLUMNS", "80")
    path = tmp_path / "people.csv"
    path.write_bytes(csv_of([person(number) for number in range(5)]))

    def run(stream):
        out = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        call_command("import_subjects", str(path), operator="lapp", stdout=out)
        return written(stream), out.getvalue()

    return run


@pytest.mark.django_db
def test_import_shows_on_a_terminal_how_far_it_is(imported):
    """Rows, rate and time left while the file is read, and again while it is applied; the output for others stays clean."""
    shown, out = imported(Terminal())
    reading, applying, rest = shown.split("\n")
    assert re.fullmatch(r"\r\d of 5 rows(\r\d of 5 rows, [\d ]+ a second[^\r]*)+", reading)
    last = r"\r4 of 5 rows, [\d ]+ a second, \d+ s left\r5 of 5 rows, [\d ]+ a second *"
    assert re.fullmatch(r"\r2 of 5 rows" + last, applying)
    assert rest == ""
    assert "5 new" in out
    assert "\r" not in out


@pytest.mark.django_db
def test_import_shows_nothing_where_there_is_no_terminal(imported):
    """Called by cron it writes no progress into the mail."""
    shown, out = imported(io.StringIO())
    assert shown == ""
    assert "5 new" in out
