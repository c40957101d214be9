"""Files made for one answer: without a name, outside the web root, gone with the connection."""

import tempfile

from django.conf import settings
from django.http import FileResponse


def private_file():
    """A file without a name, outside the web root; gone when it is closed or the process ends."""
    settings.PRIVATE_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
    return tempfile.TemporaryFile(dir=settings.PRIVATE_DIR)


def sent(file, name):
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name)
