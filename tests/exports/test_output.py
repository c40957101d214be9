"""Where a command puts its file: all of it has left before its run is finished."""

import errno
import io
import os
import sys
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from registry.models import ExportRun

COMMANDS = {
    "export_register": {"layout": "kz", "format": "csv"},
    "dump_register": {},
    "export_permissions": {},
    "export_registered_actions": {},
}


class Full(io.RawIOBase):
    """A disk without room: what is written stays in the buffer until it is flushed."""

    def writable(self):
        return True

    def write(self, piece):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.django_db
@pytest.mark.parametrize("command", COMMANDS)
def test_run_is_finished_when_standard_output_has_taken_all(lapp, monkeypatch, command):
    """What only lies in the buffer has not left: where it cannot be written the command says so, and the run stays open."""
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=io.BufferedWriter(Full())))
    with pytest.raises(CommandError) as refusal:
        call_command(command, operator="lapp", output="-", **COMMANDS[command])
    assert str(refusal.value) == "Standard output cannot be written: No space left on device."
    assert ExportRun.objects.get().finished_at is None
