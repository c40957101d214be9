"""Where a command puts its file: all of it has left before its run is finished, and half of it lies nowhere."""

import errno
import io
import os
import sys
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from registry.management.output import write
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


@pytest.fixture
def umask():
    """Sets the rights that new files do not get; `umask(0o022)`."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.mark.django_db
@pytest.mark.parametrize("command", COMMANDS)
def test_run_is_finished_when_standard_output_has_taken_all(lapp, monkeypatch, command):
    """What only lies in the buffer has not left: where it cannot be written the command says so, and the run stays open."""
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=io.BufferedWriter(Full())))
    with pytest.raises(CommandError) as refusal:
        call_command(command, operator="lapp", output="-", **COMMANDS[command])
    assert str(refusal.value) == "Standard output cannot be written: No space left on device."
    assert ExportRun.objects.get().finished_at is None


def test_two_commands_at_once_write_a_whole_file_each(tmp_path):
    """The file holds what one of them wrote, never a mixture."""
    out = tmp_path / "r.csv"

    def pieces():
        yield b"first, "
        write(str(out), [b"the other"])
        assert out.read_bytes() == b"the other"
        yield b"second"

    write(str(out), pieces())
    assert out.read_bytes() == b"first, second"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("end", [KeyboardInterrupt, OSError(errno.EIO, "Input/output error"), ValueError])
def test_file_cut_off_leaves_what_was_there(tmp_path, end):
    """Whatever ends it in the middle, the file of before stays and nothing lies beside it."""
    out = tmp_path / "r.csv"
    out.write_bytes(b"of yesterday")

    def pieces():
        yield b"half"
        raise end

    with pytest.raises((KeyboardInterrupt, CommandError, ValueError)):
        write(str(out), pieces())
    assert out.read_bytes() == b"of yesterday"
    assert list(tmp_path.iterdir()) == [out]


def test_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    """A machine that loses power has the old file or the whole new one."""
    out, done = tmp_path / "r.csv", []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *given, name=name, real=real: (done.append(name), real(*given)))
    write(str(out), [b"whole"])
    assert (done, out.read_bytes()) == (["fsync", "replace"], b"whole")


@pytest.mark.parametrize(
    ("mask", "there", "got"), [(0o022, None, 0o644), (0o077, None, 0o600), (0o022, 0o600, 0o600), (0o077, 0o644, 0o600)]
)
def test_file_is_as_private_as_the_umask_or_the_one_before(tmp_path, umask, mask, there, got):
    """A new file gets what the umask leaves; one that replaces a private file is private."""
    out = tmp_path / "r.csv"
    if there:
        out.touch()
        out.chmod(there)
    umask(mask)
    write(str(out), [b"whole"])
    assert out.stat().st_mode & 0o777 == got
