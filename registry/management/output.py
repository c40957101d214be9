"""Where a command that exports puts its file."""

import os
import secrets
import stat
import sys
from contextlib import suppress

from django.core.management.base import CommandError
from django.utils.translation import gettext as _


def write(output, pieces):
    """Writes the file under its name only when it is whole; returns when the last byte has left."""
    try:
        if output == "-":
            sys.stdout.buffer.writelines(pieces)
            sys.stdout.buffer.flush()
        else:
            _write_file(output, pieces)
    except OSError as error:
        raise unwritable(_("Standard output") if output == "-" else output, error) from None


def unwritable(path, error):
    """The refusal of a file or directory that an OSError kept from being written."""
    return CommandError(_("%(path)s cannot be written: %(error)s.") % {"path": path, "error": error.strerror})


def _write_file(output, pieces):
    """By way of a file of its own in the same directory: of two commands at once each writes a whole one."""
    part = f"{output}.{secrets.token_hex(8)}.part"
    try:
        with open(part, "xb", opener=lambda path, flags: os.open(path, flags, _mode(output))) as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, output)
    finally:
        with suppress(OSError):
            os.unlink(part)


def _mode(path):
    """Who may read a file that takes this place, as far as the umask lets them: those who may read the one that is there."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode) & 0o666
    except OSError:
        return 0o666
