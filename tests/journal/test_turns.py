"""Turns to write on SQLite: whoever waits is let in between two chunks of an import, and never waits for ever."""

import contextlib
import fcntl
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import pytest
from django.db import connection

from registry.journal import reading, record, turns, unit, unit_of_work
from registry.models import JournalEntry

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL lets writers in by itself"),
]


def write():
    with unit_of_work(by=None, operator="lapp"):
        record("export.start")


def is_free(of="turn"):
    with open(f"{connection.settings_dict['NAME']}-{of}", "ab") as queue:
        try:
            fcntl.flock(queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_who_writes_or_notes_what_was_read_has_the_turn(monkeypatch):
    """From before the transaction until it is committed; a page that only reads takes it for its entry alone."""
    seen, append = [], unit._append_locked

    def looked_at(*args):
        seen.append(is_free())
        append(*args)

    monkeypatch.setattr(unit, "_append_locked", looked_at)
    with unit_of_work(by=None, operator="lapp"):
        assert not is_free()
        record("export.start")
    with reading(by=None, operator="lapp"):
        assert is_free()
        record("export.start")
    assert (seen, is_free()) == ([False, False], True)


def test_whoever_waits_comes_before_who_has_just_had_a_turn():
    """An import that has its next chunk ready at once does not take the next turn, too."""
    had, held, over = [], threading.Event(), threading.Event()

    def write_chunks():
        for chunk in ("first", "second"):
            with turns.turn():
                had.append(chunk)
                held.set()
                over.wait(5)

    def open_a_page():
        with turns.turn():
            had.append("page")

    at_work = [threading.Thread(target=write_chunks), threading.Thread(target=open_a_page)]
    at_work[0].start()
    held.wait(5)
    at_work[1].start()
    while is_free("turn-next"):
        time.sleep(turns.LOOK_SECONDS)
    over.set()
    for each in at_work:
        each.join()
    assert had == ["first", "page", "second"]


def test_a_turn_that_never_ends_holds_nobody_up(monkeypatch):
    """Who holds the turn and does nothing, a stopped process, keeps others waiting for a while only."""
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", 0.05)
    held, over = threading.Event(), threading.Event()

    def hold():
        with turns.turn():
            held.set()
            over.wait(5)

    holding = threading.Thread(target=hold)
    holding.start()
    held.wait(5)
    write()
    over.set()
    holding.join()
    assert JournalEntry.objects.count() == 1


def test_a_turn_that_cannot_be_taken_keeps_nobody_from_writing():
    """Its file may belong to another user: SQLite's own lock is enough, and what fails inside the block still fails."""
    queue = Path(f"{connection.settings_dict['NAME']}-turn")
    queue.unlink(missing_ok=True)
    queue.mkdir()  # as unwritable as a file gets for everybody
    try:
        write()
        with pytest.raises(FileNotFoundError), unit_of_work(by=None):
            raise FileNotFoundError
    finally:
        queue.rmdir()
    assert JournalEntry.objects.count() == 1


def test_between_two_chunks_the_log_is_brought_into_the_database(tmp_path):
    """The database's own file has what was committed; nobody's commit has to see to it.

    Another process copies it: a process that closes the file gives up every lock that its connections have on it.
    """
    write()
    turns.checkpoint()
    copy = tmp_path / "copy.sqlite3"  # without the log beside it
    subprocess.run(["cp", connection.settings_dict["NAME"], copy], check=True)
    with contextlib.closing(sqlite3.connect(copy)) as alone:
        [(found,)] = alone.execute("SELECT count(*) FROM registry_journalentry")
    assert found == JournalEntry.objects.count() == 1
