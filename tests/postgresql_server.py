"""Debian's PostgreSQL as a server of one's own: with pg_trgm and the rest of contrib, which the server from a wheel lacks.

    with PostgresqlServer() as server:
        os.environ["DATABASE_URL"] = server.url

It lives in a short folder under /tmp, listens on a socket there and nowhere else, and ends with the process that
started it, kill -9 included (start it from the main thread). Durable as in production (fsync on); memory as on a small server.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "max_connections": "50",
}
START_SECONDS = 60
NOT_ROOT = "postgres"  # the server refuses root


def binaries():
    """The folder of the newest server installed here, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class PostgresqlServer:
    """A cluster that is gone with `stop`; `crash` and `start` in turn are a power cut of the server."""

    def __init__(self, **settings):
        self.bin = binaries()
        if self.bin is None:
            raise FileNotFoundError("No PostgreSQL under /usr/lib/postgresql. Install the package postgresql.")
        self.settings = SETTINGS | settings
        self.folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))  # a socket's path holds 107 characters
        self.user = pwd.getpwnam(NOT_ROOT) if os.geteuid() == 0 else None
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        self.process = None
        options = ["--locale=C.UTF-8", "--encoding=UTF8", "--auth=trust", f"--username={NOT_ROOT}", "--no-sync"]
        self.run("initdb", "-D", self.folder / "data", *options)
        self.start()

    @property
    def url(self):
        return f"postgresql://{NOT_ROOT}@/postgres?host={self.folder}"

    def start(self):
        settings = [f"--{name}={value}" for name, value in self.settings.items()]
        place = ["-D", self.folder / "data", "-k", self.folder]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [*self.as_user("--pdeathsig", "INT"), self.bin / "postgres", *place, *settings],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder, start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + START_SECONDS
        while subprocess.run([self.bin / "pg_isready", "-q", "-h", self.folder], check=False).returncode:
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def crash(self):
        """Ends at once, nothing written out: the next start recovers from the log, as after a power cut."""
        self.end(signal.SIGQUIT)

    def stop(self):
        self.end(signal.SIGINT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def end(self, how):
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(START_SECONDS)

    def run(self, program, *arguments):
        subprocess.run(
            [*self.as_user(), self.bin / program, *arguments],
            check=True, capture_output=True, cwd=self.folder,
        )  # fmt: skip

    def as_user(self, *options):
        if self.user:
            options = [f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups", *options]
        return ["setpriv", *options] if options else []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop()
