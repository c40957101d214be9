"""A day under watch: whatever leaves a trace outside the pages and the database is written down, to be searched afterwards."""

import io
import logging.config
import re
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from django.conf import settings
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import call_command
from django.test import Client, TestCase

LINKS = re.compile(r'(?:href|action|src)="([^"]*)"')
# The test server of PostgreSQL keeps its own files there.
NOT_OURS = "pg"


class Watch:
    """`traces` are (kind, text): addresses, headers, files, sessions, messages, printed and logged lines, mail headers."""

    def __init__(self):
        self.traces = set()
        self.log = io.StringIO()

    def note(self, kind, *texts):
        self.traces.update((kind, unquote(str(text))) for text in texts if text)

    def look_around(self):
        """What lies about between two steps."""
        folder = Path(settings.DATA_DIR)
        paths = [path.relative_to(folder) for path in folder.rglob("*")]
        self.note("file", *(path for path in paths if path.parts[0] != NOT_OURS))
        self.note("session", *(session.get_decoded() for session in Session.objects.all()))
        for message in mail.outbox:
            self.note_mail(message)

    def note_mail(self, message):
        """Everything but the body and to whom it goes."""
        self.note(
            "mail", message.subject, *message.extra_headers.values(), message.from_email, message.message()["Subject"]
        )
        self.note("mail attachment", *(name for name, _content, _type in message.attachments))

    def found(self, marks):
        """The traces that hold one of the marks, whatever its case."""
        self.note("log", *self.log.getvalue().splitlines())
        return sorted((kind, text) for kind, text in self.traces if any(mark in text.casefold() for mark in marks))

    def of(self, kind):
        return {text for each, text in self.traces if each == kind}

    def command(self, name, *arguments, status=0, **options):
        """Runs a command as it is typed; what it prints is a trace, and is returned."""
        out = io.StringIO()
        ended = 0
        with committing():
            try:
                call_command(name, *arguments, stdout=out, stderr=out, **options)
            except SystemExit as end:
                ended = end.code
        assert ended == status, (name, ended, out.getvalue())
        self.note(f"output of {name}", *out.getvalue().splitlines())
        self.look_around()
        return out.getvalue()


class WatchedClient(Client):
    """A browser whose every address, and every one it is offered, is written down."""

    def __init__(self, watch, **defaults):
        super().__init__(**defaults)
        self.watch = watch

    def request(self, **request):
        with committing():
            response = super().request(**request)
        if response.streaming:
            response.streaming_content = [b"".join(response.streaming_content)]
        asked = response.wsgi_request
        self.watch.note("address", asked.get_full_path(), asked.META.get("HTTP_REFERER"))
        self.watch.note("header", *(f"{name}: {value}" for name, value in response.items()))
        self.watch.note("cookie", *(cookie.value for cookie in response.cookies.values()))
        if response["Content-Type"].startswith("text/html"):
            self.watch.note("link", *LINKS.findall(response.content.decode()))
        elif response["Content-Type"].startswith("text/calendar"):
            self.watch.note("calendar", *response.content.decode().splitlines())
        self.watch.look_around()
        return response


@contextmanager
def committing():
    """What waits for the commit is done, as it would be: letters are sent, files put away."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        yield


@contextmanager
def watching(monkeypatch):
    """A Watch over this test, its log as the product prints it when it is most talkative."""
    watch, add = Watch(), BaseStorage.add

    def added(storage, level, message, extra_tags=""):
        watch.note("message", message)
        return add(storage, level, message, extra_tags)

    monkeypatch.setattr(BaseStorage, "add", added)
    talkative = {"level": "DEBUG"}
    loggers = {name: given | talkative for name, given in settings.LOGGING["loggers"].items()}
    loggers["django.template"] = {"level": "INFO"}  # else of every variable that a page leaves out
    with monkeypatch.context() as printed:
        printed.setattr("sys.stderr", watch.log)
        logging.config.dictConfig(settings.LOGGING | {"root": settings.LOGGING["root"] | talkative, "loggers": loggers})
    try:
        yield watch
    finally:
        logging.getLogger("django.template").setLevel(logging.NOTSET)
        logging.config.dictConfig(settings.LOGGING)
