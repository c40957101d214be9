"""`manage.py worker` in a process of its own, on the test database; slow enough to be killed in the middle of a step.

python -m tests.worker_process PAUSE_SECONDS_A_CHUNK ROWS_A_CHUNK CUT_OFF_SECONDS
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 60


def database_url(settings):
    if settings["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{settings['NAME']}"
    user = quote(settings["USER"], safe="") + (
        ":" + quote(settings["PASSWORD"], safe="") if settings["PASSWORD"] else ""
    )
    port = f":{settings['PORT']}" if settings["PORT"] else ""
    host = f"?host={quote(settings['HOST'], safe='')}" if settings["HOST"] else ""
    return f"postgresql://{user}@{port}/{settings['NAME']}{host}"


def environment():
    """Variables with which another process of the product works on the database and the files of this one."""
    from django.conf import settings
    from django.db import connection

    return {
        "DATABASE_URL": database_url(connection.settings_dict),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATA_DIR": str(settings.DATA_DIR),
        "PYTHONPATH": str(ROOT),
    }


def start(*, pause=0.0, rows=2, cut_off=2):
    """A worker beside this process, on its database and its files."""
    command = [sys.executable, "-m", "tests.worker_process", str(pause), str(rows), str(cut_off)]
    return subprocess.Popen(command, env=os.environ | environment(), cwd=ROOT, stderr=subprocess.PIPE, text=True)


def until(condition, process):
    """Waits until something is so; fails where the process ends before."""
    for _look in range(PATIENCE_SECONDS * 20):
        if found := condition():
            return found
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def main(pause, rows, cut_off):
    import django

    django.setup()
    from django.core.management import call_command

    from registry.imports import crm_file, progress
    from registry.management.commands import worker
    from registry.models import runs
    from registry.operations import handover

    handover.CHUNK = rows
    crm_file.CHUNK_ROWS.update(dict.fromkeys(crm_file.CHUNK_ROWS, rows))
    runs.CUT_OFF_SECONDS, worker.LOOK_SECONDS, progress.BEAT_SECONDS = cut_off, 0.5, 0.5
    as_it_is = progress.Progress.__call__

    def slowly(self, done):
        as_it_is(self, done)
        time.sleep(pause)

    progress.Progress.__call__ = slowly
    call_command("worker")


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
