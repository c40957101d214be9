"""`make run`: the web server and the worker beside each other, until Ctrl+C or until the server ends. A worker that dies is started again."""

import signal
import subprocess
import sys
import time
from pathlib import Path

LOOK_SECONDS = 0.5
AGAIN_SECONDS = 2
# A step in the worker ends after its chunk; a request in the server within gunicorn's own 30 s.
END_SECONDS = 35
MANAGE = Path(__file__).resolve().parent.parent / "manage.py"


def start(*command):
    # In a group of its own: Ctrl+C reaches this process only, which ends both in order.
    return subprocess.Popen([sys.executable, *map(str, command)], process_group=0)


def start_worker():
    return start(MANAGE, "worker")


def stop(process):
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def told_to_end(signum, frame):
    raise KeyboardInterrupt


def serve(arguments):
    """Runs gunicorn with these arguments, and the worker; returns gunicorn's exit status, 0 when told to end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, told_to_end)
    processes = []
    try:
        processes.append(web := start("-m", "gunicorn", "config.wsgi", *arguments))
        processes.append(worker := start_worker())
        while web.poll() is None:
            time.sleep(LOOK_SECONDS)
            if worker.poll() is not None and web.poll() is None:
                print(f"The worker ended (status {worker.returncode}) and is started again.", file=sys.stderr)
                time.sleep(AGAIN_SECONDS)
                processes[1] = worker = start_worker()
        return web.returncode
    except KeyboardInterrupt:
        return 0
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for process in processes:
            if process.poll() is None:
                process.terminate()
        for process in processes:
            stop(process)


if __name__ == "__main__":
    sys.exit(serve(sys.argv[1:]))
