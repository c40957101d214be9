"""A large import as an officer does it: upload, plan, preview, apply and undo in Chromium, the worker killed -9 in each step.

python -m tests.benchmarks.million_in_browser [ROWS] [postgresql-server | sqlite]

Server and worker are those of `make run`. Prints how long each step took and what the page of the run showed meanwhile.
"""

import csv
import io
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

ROWS = 1_000_000
KILLED_AT = 30  # percent of a step
LONGEST_STEP_SECONDS = 3600
LARGEST_PAGE = 100 * 1024
FLAGS = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run"
HEADER = (
    "ID;Фамилия;Имя;Отчество;Рабочий e-mail;Мобильный телефон;Дата рождения;Язык;Цель согласия;Дата согласия;"
    "Источник согласия;Согласие действует до;Передача третьим лицам;Трансграничная передача;Публикация"
).split(";")


MOBILE = (700, 701, 702, 705, 707, 708, 747, 771, 775, 776, 777, 778)


def write_file(path, rows):
    """An export of Bitrix24 with made-up people, each with a consent."""
    rng = random.Random(1)
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream, delimiter=";")
        out.writerow(HEADER)
        for number in range(rows):
            phone = f"8 ({rng.choice(MOBILE)}) {rng.randrange(1000):03}-{rng.randrange(100):02}-{rng.randrange(100):02}"
            name = [
                rng.choice(["Қасымова", "Иванова", "Ахметова"]),
                rng.choice(["Әсем", "Ольга", "Айгүл"]),
                "Серікқызы",
            ]
            born = f"{rng.randrange(1, 29):02}.{rng.randrange(1, 13):02}.{rng.randrange(1950, 2005)}"
            consent = ["email-information", "11.09.2024", "web form", "11.09.2034", "да", "нет", "нет"]
            out.writerow([f"C{number:08}", *name, f"p{number}@example.kz", phone, born, "ru", *consent])


@contextmanager
def served(environment):
    """The address of a registry of its own, served as `make run` serves it."""
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "--verbosity", "0"], env=environment, check=True)
    subprocess.run([*manage, "set_up"], env=environment, check=True, stdout=subprocess.DEVNULL)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    options = ["--bind", place, "--workers", "2", "--threads", "4", "--timeout", "900", "--log-level", "warning"]
    serving = subprocess.Popen([sys.executable, "-m", "config.serve", *options], env=environment)
    try:
        yield f"http://{place}"
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait(60)


def kill_worker():
    """kill -9 for the worker that runs now; returns its process id."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            mine = f"DATA_DIR={os.environ['DATA_DIR']}".encode() in (folder / "environ").read_bytes()
        except OSError:
            continue
        if mine and words[-2:-1] == [b"worker"]:
            os.kill(int(folder.name), signal.SIGKILL)
            return int(folder.name)
    raise RuntimeError("No worker runs.")


def session_of(username):
    """A session of that user, past the one-time password."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from registry.models import User

    user = User.objects.get(username=username)
    user.must_change_password = False
    user.save()
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = "registry.scope.RoleBackend"
    session.save()
    return session.session_key


def watch(page, what):
    """Follows the bar of a step to its end, killing the worker once on the way; prints what was seen."""
    begun, seen, killed, lines = time.monotonic(), [], None, []
    while time.monotonic() - begun < LONGEST_STEP_SECONDS:
        try:
            bar = page.query_selector("#progress")
            if bar is None:
                break
            percent, line = int(bar.get_attribute("data-percent")), bar.inner_text().strip()
        except Error:  # the page turned over while it was looked at
            page.wait_for_timeout(100)
            continue
        if not seen or percent != seen[-1]:
            seen.append(percent)
            lines.append(line)
        if killed is None and percent >= KILLED_AT:
            killed = kill_worker()
        page.wait_for_timeout(200)
    page.wait_for_load_state()
    taken = time.monotonic() - begun
    print(f"{what}: {taken:.0f} s with the worker (process {killed}) killed at {KILLED_AT} %; percent shown: {seen}")
    print(f"  it said, for example: {lines[len(lines) // 2] if lines else '—'}")
    size = len(page.content().encode())
    print(f"  page afterwards: {size:,} bytes")
    assert killed and size <= LARGEST_PAGE


def walk(page, address, file):
    page.goto(f"{address}/admin/registry/datasubject/import/")
    page.set_input_files("[name=import_file]", file)
    begun = time.monotonic()
    page.click("text=Read the file", timeout=LONGEST_STEP_SECONDS * 1000)
    page.wait_for_url("**/importrun/*/change/**", timeout=LONGEST_STEP_SECONDS * 1000)
    print(f"upload: {time.monotonic() - begun:.0f} s for {file.stat().st_size / 1e6:.0f} MB")
    watch(page, "plan")
    print("  " + " | ".join(page.inner_text(".stats").split("\n")))
    page.fill("[name=reason]", "weekly export")
    page.click("text=Apply this plan")
    watch(page, "apply")
    page.click("text=Undo this import")
    print("  before the undo: " + " | ".join(page.inner_text(".stats").split("\n")))
    page.fill("form [name=reason], form [name=_reason]", "the wrong file")
    page.click(".submit-row button:has-text('Undo this import')")
    watch(page, "undo")
    print("  " + page.inner_text(".notice"))


def check(rows):
    """What stands in the database when everything is undone, and whether the chain holds."""
    from django.core.management import call_command

    from registry.models import Consent, DataSubject, ImportRun, JournalHead

    run = ImportRun.objects.get()
    assert (run.state, run.new, run.undone, run.left) == ("undone", rows, rows, 0), (
        run.state,
        run.new,
        run.undone,
        run.left,
    )
    assert not DataSubject.objects.exists() and not Consent.objects.exists()
    assert DataSubject.history.count() == Consent.history.count() == 2 * rows
    print(f"afterwards: nobody left over, {JournalHead.objects.get().seq:,} entries, two history rows for each record")
    with tempfile.TemporaryDirectory() as folder:
        trail = Path(folder) / "trail"
        call_command("export_audit", output=str(trail), stdout=io.StringIO())
        done = subprocess.run(
            [sys.executable, "verify_journal.py", "journal.jsonl", "head.txt"],
            cwd=trail,
            capture_output=True,
            text=True,
            check=False,
        )
    print(f"verifier: {done.stdout.strip()}")
    assert done.returncode == 0


def main(rows, database):
    with ExitStack() as closing:
        data = Path(tempfile.mkdtemp(prefix="million"))
        closing.callback(shutil.rmtree, data, ignore_errors=True)
        os.environ |= {
            "DATA_DIR": str(data),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
        }
        if database == "postgresql-server":
            from tests.postgresql_server import PostgresqlServer

            os.environ["DATABASE_URL"] = closing.enter_context(PostgresqlServer()).url
        address = closing.enter_context(served(dict(os.environ)))
        file = data / "bitrix24.csv"
        write_file(file, rows)
        import django

        django.setup()
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS.split())
            context = chromium.new_context(viewport={"width": 1280, "height": 900})
            context.add_cookies([{"name": "sessionid", "value": session_of("dpo"), "url": address}])
            page = context.new_page()
            page.on("console", lambda said: said.type == "error" and print(f"  console: {said.text}"))
            walk(page, address, file)
            chromium.close()
        check(rows)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS, sys.argv[2] if len(sys.argv) > 2 else "postgresql-server")
