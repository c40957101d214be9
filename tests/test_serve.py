"""`make run`: server and worker beside each other, and neither without the other."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 60


def until(condition):
    for _look in range(PATIENCE_SECONDS * 10):
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


def children(pid):
    """(pid, command line) of a process's children."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [(int(each), command_of(each)) for each in found]


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):  # it ended since it was listed
        return ""


def child(pid, what):
    return next((each for each, command in children(pid) if what in command), None)


def is_gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def of_the_product(folder):
    """The product's settings: those of the tests would start a database server in every process."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/registry.sqlite3",
    }


@pytest.fixture
def serve(tmp_path):
    started = []

    def start(port):
        environment = of_the_product(tmp_path)
        command = [sys.executable, "-m", "config.serve", "--bind", f"127.0.0.1:{port}", "--workers", "1"]
        started.append(
            subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
        return started[-1]

    yield start
    for process in started:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def answers(port):
    try:
        return urlopen(f"http://127.0.0.1:{port}/static/registry/logo.svg").status == 200
    except OSError:
        return False


def test_worker_that_dies_is_started_again_and_ctrl_c_ends_both(serve, port):
    """Killed, the worker is there again; Ctrl+C leaves neither behind."""
    process = serve(port)
    until(lambda: answers(port))
    web, worker = child(process.pid, "gunicorn"), until(lambda: child(process.pid, "manage.py worker"))
    os.kill(worker, signal.SIGKILL)
    again = until(lambda: (found := child(process.pid, "manage.py worker")) and found != worker and found)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_SECONDS) == 0
    assert is_gone(web) and is_gone(again)


def test_port_that_is_taken_leaves_no_worker_behind(serve, port):
    """The server cannot start: the worker ends with it, and the status says that something is wrong."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        process = serve(port)
        worker = until(lambda: child(process.pid, "manage.py worker"))
        assert process.wait(PATIENCE_SECONDS) != 0
        assert is_gone(worker)


def in_web_process(tmp_path, code):
    """What this prints in a process that is about to serve pages."""
    told = subprocess.run(
        [sys.executable, "-c", "import config.wsgi, gc\n" + textwrap.dedent(code)],
        cwd=ROOT,
        env=of_the_product(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.split()


def test_web_process_is_ready_before_its_first_page(tmp_path):
    """The code of every page is loaded, and the collector passes over what is there from the beginning."""
    code = "import sys; print('registry.admin.people' in sys.modules, gc.get_freeze_count() > 100_000)"
    assert in_web_process(tmp_path, code) == ["True", "True"]


def test_garbage_of_a_page_is_collected_before_the_next_one(tmp_path):
    """Not while it is made: what is in use then would be kept, until a page far behind waits for all that has gathered."""
    code = """
        import weakref
        from django.core.signals import request_started

        class OfAPage:
            def __init__(self):
                self.itself = self

        def page():
            return weakref.ref([OfAPage() for _each in range(10_000)][0])

        looked = []
        gc.callbacks.append(lambda phase, told: looked.append(told["generation"]) if phase == "start" else None)
        first = page()
        print(first() is None, len(looked))
        request_started.send(None)
        print(first() is None, looked[0])
        for _page in range(config.wsgi.PAGES_UNTIL_ALL):
            page()
            request_started.send(None)
        print(looked.count(2), len(looked) == config.wsgi.PAGES_UNTIL_ALL + 1)
    """
    assert in_web_process(tmp_path, code) == ["False", "0", "True", "1", "1", "True"]
