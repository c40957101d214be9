"""python -m tests.benchmarks [NAME…]: every bench_*.py beside this file, on both databases, each in a process of its own.

The figures are printed with their targets and kept in bench.json in DATA_DIR (./var without it). PostgreSQL is Debian's server
where it is installed, for pg_trgm; else the one from a wheel, on which the lists say that it is missing. PostgreSQL and SQLite
take turns; nothing else should run meanwhile. BENCH_ROWS makes it quicker.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.postgresql_server import binaries

from . import report

DATABASES = ("sqlite", "postgresql-server" if binaries() else "postgresql")


def main(names):
    report.path().unlink(missing_ok=True)
    found = [path.stem for path in sorted(Path(__file__).parent.glob("bench_*.py"))]
    failed = []
    for name in names or found:
        for database in DATABASES:
            print(f"— {name}, {database}", flush=True)
            environment = {key: value for key, value in os.environ.items() if key != "TEST_DATABASE_URL"}
            environment["BENCH_JSON"] = str(report.path())
            command = [sys.executable, "-m", f"tests.benchmarks.{name}"]
            if subprocess.run(command, env=environment | {"TEST_DATABASE": database}, check=False).returncode:
                failed.append(f"{name} on {database}")
    figures = report.kept()
    unmet = [figure["name"] for figure in figures if figure["met"] is False]
    print(f"{len(figures)} figures in {report.path()}, {len(unmet)} beside their target.")
    for problem in failed:
        print(f"Broke off: {problem}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
