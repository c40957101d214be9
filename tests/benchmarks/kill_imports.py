"""kill -9 of applies and undos on both databases, half of them aimed at commits: afterwards as if nothing had happened?

python -m tests.benchmarks.kill_imports [ROWS] [KILLS]      rows of a file, kills on each database

One operator's import is killed and gone on with, the same import of another is left alone; both must leave the same. Where
Debian's PostgreSQL is installed it is used, and crashes itself in the middle of a step, too. Ends with exit code 1 where a thing differs.
"""

import io
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DEFAULT_ROWS, DEFAULT_KILLS = 20_000, 20
# Of fifty people in turn: their data serve the purpose. The file leaves it to the one, moves it to a renewal, and stops it.
SERVED = (1, 2, 5)
VERIFIER = Path(__file__).parents[2] / "registry" / "journal" / "verify_journal.py"


def rows_of(count, *, later):
    """A file of the CRM; `later`, some have another phone, some a renewal, whole or not, some are new and some are wrong."""
    from tests.imports.crm import consent, person

    for number in range(count):
        cells = consent() | {"agreement_number": f"A-{number}"}
        if later and number % 10 in (1, 4, 7):
            cells["phone"] = f"8702{number:07}"
        elif later and number % 10 in (2, 5):
            cells |= {"consent_given_on": "01.03.2025", "consent_expires_on": "01.03.2035"}
            cells |= {"publication": ""} if number % 10 == 5 else {}
        elif later and number % 1000 == 3:
            cells["email"] = "x"
        yield person(number, **cells)
    for number in range(count, count * 11 // 10 if later else 0):
        yield person(number, **consent())


def planned(code, rows):
    from tests import factories
    from tests.imports.crm import CRM
    from tests.imports.undoing import let_serve, list_data_of

    crm = CRM(factories.make_operator(code, bin="241040012133"))
    list_data_of(factories.make_purpose(crm.operator))
    crm.load(list(rows_of(rows, later=False)))
    for number in range(rows):
        if number % 50 in SERVED:
            let_serve(number, operator=crm.operator)
    run = crm.plan(list(rows_of(rows, later=True)))
    print(f"  {code}: {rows} people known, {run.rows} rows planned", flush=True)
    return run


def prove(rows, kills, server):
    """Kills and compares; returns what is wrong, in sentences."""
    from django.db import connection

    from registry.imports.crm_file import CHUNK_ROWS
    from tests.benchmarks.kills import in_a_child, kill_and_go_on, standing

    alone, killed = planned("alone", rows), planned("killed", rows)
    wrong = []
    for goal, count in (("applied", kills // 2), ("undone", kills - kills // 2)):
        begun = time.perf_counter()
        in_a_child(alone.pk, goal)
        seconds = time.perf_counter() - begun
        chunks = alone.rows / CHUNK_ROWS[connection.vendor]
        if server:
            crash(server, killed.pk, goal)
        by_kind = kill_and_go_on(killed.pk, goal, count, seconds=seconds / chunks)
        told = ", ".join(f"{times} {kind}" for kind, times in by_kind.items())
        print(f"  {goal}: {seconds:.1f} s undisturbed; killed {by_kind.total()} times ({told})", flush=True)
        left, right = standing(alone.operator, alone), standing(killed.operator, killed)
        wrong += [
            f"{goal}: {name}: {left[name]} alone, {right[name]} killed" for name in left if left[name] != right[name]
        ]
    print(f"  put back: {alone.undone}, left: {alone.left}", flush=True)
    return wrong + disagreements()


def crash(server, pk, goal):
    """The server goes away in the middle of the step: it ends with an error, and the same command goes on afterwards."""
    from django.db import connection

    from registry.models import ImportRun
    from tests.benchmarks.kills import ANY, DATABASE_GONE, Aim, ahead, begin, ended, wait_for

    rows, _chunks = ahead(pk, goal, share=random.uniform(0.1, 0.4))
    child = begin(pk, goal)
    wait_for(child, pk, Aim(ANY, rows=rows, seconds=0.05))
    server.crash()
    code = ended(child)
    server.start()
    connection.close()
    run = ImportRun.objects.get(pk=pk)
    print(f"  {goal}: the server crashed with {run.rows_done} rows done, {run.get_state_display()}", flush=True)
    if code != DATABASE_GONE:
        raise RuntimeError(f"The step ended with exit code {code}, not for the database.")


def disagreements():
    """What `manage.py reconcile` finds, and what the verifier says of the exported journal where it is not whole."""
    from django.core.management import call_command

    from registry.journal.reconcile import findings

    wrong = [str(finding) for finding in findings()]
    with tempfile.TemporaryDirectory() as folder:
        call_command("export_audit", output=f"{folder}/out", stdout=io.StringIO())
        arguments = [VERIFIER, f"{folder}/out/journal.jsonl", f"{folder}/out/head.txt"]
        verified = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    print(f"  verify_journal: {verified.stdout.strip()}", flush=True)
    return wrong + ([verified.stdout.strip()] if verified.returncode else [])


def on_one_database(rows, kills, server=None):
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.db import connection

    from registry.imports import beside
    from tests.worker_process import environment

    connection.creation.create_test_db(verbosity=0)
    os.environ.update(environment())
    beside.FEWEST_ROWS = 1  # also of what is left after a kill
    wrong = prove(rows, kills, server)
    connection.close()
    for sentence in wrong[:20]:
        print(f"  WRONG: {sentence}")
    print(f"  {len(wrong)} differences")
    return 1 if wrong else 0


def on_postgresql(rows, kills):
    from tests.postgresql_server import PostgresqlServer, binaries

    if binaries() is None:
        print("postgresql (a wheel's server: it is not crashed itself)", flush=True)
        os.environ["TEST_DATABASE"] = "postgresql"
        return on_one_database(rows, kills)
    with PostgresqlServer() as server:
        print(f"postgresql ({server.bin})", flush=True)
        os.environ["TEST_DATABASE_URL"] = server.url
        return on_one_database(rows, kills, server)


def main(rows, kills):
    arguments = [sys.executable, "-m", "tests.benchmarks.kill_imports", str(rows), str(kills)]
    ended = [subprocess.run([*arguments, vendor], check=False).returncode for vendor in ("sqlite", "postgresql")]
    return max(map(abs, ended))


if __name__ == "__main__":
    rows, kills = [int(each) for each in sys.argv[1:3]] + [DEFAULT_ROWS, DEFAULT_KILLS][len(sys.argv[1:3]) :]
    if sys.argv[3:] == ["postgresql"]:
        sys.exit(on_postgresql(rows, kills))
    elif sys.argv[3:] == ["sqlite"]:
        print("sqlite", flush=True)
        sys.exit(on_one_database(rows, kills))
    sys.exit(main(rows, kills))
