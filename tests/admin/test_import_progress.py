"""The page of an import whose step is at work: where it stands, how fast it goes, how it is stopped."""

import datetime as dt
import re
from types import SimpleNamespace

import pytest
from django.utils import timezone
from django.utils.formats import date_format

from registry.admin import steps
from registry.imports import storage
from registry.models import ImportRun, JournalEntry
from tests import factories
from tests.imports.crm import person

from .import_pages import page_of, step, upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def purpose(lapp):
    return factories.make_purpose(lapp)


@pytest.fixture
def at_work(natalia, settings):
    """A large file that waits for the worker."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
    settings.IMPORT_BACKGROUND_BYTES = 0
    upload(natalia, [person(1), person(2, email="x")])
    return ImportRun.objects.get()


def stands(run, **fields):
    ago = {
        name: timezone.now() - dt.timedelta(seconds=value)
        for name, value in fields.items()
        if value and name.endswith("_at")
    }
    ImportRun.objects.filter(pk=run.pk).update(**fields | ago)
    run.refresh_from_db()


def moving(client, run, query=""):
    return client.get(step("progress", run) + query).content.decode()


def test_large_file_waits_on_its_page(natalia, at_work):
    """The browser is sent to the page at once; what moves there is looked at by a script of our own, or read again without."""
    text = natalia.get(page_of(at_work)).content.decode()
    assert at_work.state == "planning"
    assert "It waits for the worker." in text
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in text
    assert re.search(r'<script src="/static/registry/progress[^"]*\.js" defer></script>', text)
    assert '<progress class="bar" value="0" max="1" aria-labelledby="step">0 %</progress>' in text
    assert "Stop reading" in text and "Do it here" not in text


def test_file_whose_reading_stopped_is_kept_for_its_hour(natalia, at_work):
    """And until when is said: nobody goes on with it by themselves."""
    assert "kept until the import is finished" in natalia.get(page_of(at_work)).content.decode()
    stands(at_work, step_role="", alive_at=None, expires_at=-3600)
    text = natalia.get(page_of(at_work)).content.decode()
    assert "kept until the import is finished" not in text
    assert f"kept until {date_format(timezone.localtime(at_work.expires_at), 'DATETIME_FORMAT')}" in text


@pytest.mark.parametrize(
    ("fields", "phase", "sentence"),
    [
        ({"step_began_at": 1, "alive_at": 1}, "waiting", "It waits for the worker."),
        ({"step_began_at": 6, "alive_at": 6}, "late", "No worker has taken it yet: start “manage.py worker”."),
        ({"step_began_at": 60, "alive_at": 2}, "working", "25 % · 250 of 1 000 rows"),
        ({"step_began_at": 60, "alive_at": 31}, "cut-off", "250 of 1 000 rows. It was cut off."),
        ({"step_began_at": 60, "alive_at": 2, "step_role": ""}, "stopped", "250 of 1 000 rows. It stopped"),
    ],
)
def test_page_says_where_the_step_stands(natalia, at_work, fields, phase, sentence):
    """Waiting, late, working, cut off or stopped: each is told, with what can be done."""
    stands(at_work, rows_done=250, rows_expected=1000, **fields)
    if phase in ("waiting", "late"):  # one and the same moment
        ImportRun.objects.update(step_began_at=at_work.alive_at)
    text = moving(natalia, at_work).replace("\u00a0", " ")
    assert f'data-phase="{phase}"' in text
    assert sentence in text
    page = natalia.get(page_of(at_work)).content.decode()
    assert ("Do it here" in page) is (phase == "late")
    assert ("Go on" in page) is (phase in ("cut-off", "stopped"))


def test_rate_is_that_since_the_page_was_opened(natalia, at_work, monkeypatch):
    """The address of the next look carries what the first one saw; whatever else is typed there counts for nothing."""
    stands(at_work, rows_done=3000, rows_expected=9000, step_began_at=60, alive_at=1)
    now = timezone.now().timestamp()
    monkeypatch.setattr(steps, "time", SimpleNamespace(time=lambda: now))
    ten_seconds_ago = round((now - 10) * 1000)
    query = f"?from=1000&at={ten_seconds_ago}"
    text = moving(natalia, at_work, query).replace("\u00a0", " ")
    assert "33 % · 3 000 of 9 000 rows, 200 a second, 30 s left" in text
    assert f"?from=1000&amp;at={ten_seconds_ago}" in text
    for query in ("?from=x&at=y", "?from=9999&at=1", "?at=99999999999999999", "?from=-1&at=-1"):
        assert "a second" not in moving(natalia, at_work, query)


def test_moving_part_is_empty_when_the_step_is_over(natalia, at_work):
    """Then the page is another one: the script reads it anew."""
    stands(at_work, state="planned", expires_at=-60)
    assert moving(natalia, at_work) == ""


def test_looking_at_progress_is_no_entry_and_no_value(natalia, at_work):
    """Every second: the journal is for reads of people, and nobody is named there."""
    before = JournalEntry.objects.count()
    text = moving(natalia, at_work)
    assert JournalEntry.objects.count() == before
    assert "people.csv" not in text


def test_progress_is_for_the_operators_own(at_work, kazger, lapp, client):
    """An auditor of the operator sees how far it is, and can do nothing about it; strangers see no run."""
    for user, status in ((factories.make_user("auditor", lapp), 200), (factories.make_user("dpo", kazger), 404)):
        client.force_login(user, backend="registry.scope.RoleBackend")
        assert client.get(step("progress", at_work)).status_code == status
    client.force_login(factories.make_user("auditor", lapp), backend="registry.scope.RoleBackend")
    stands(at_work, step_began_at=60, alive_at=31)
    assert "<form action=" not in client.get(page_of(at_work)).content.decode().partition('id="content-main"')[2]


def test_what_no_worker_takes_is_done_here(natalia, at_work):
    """No worker runs: the request itself reads the file, and the page has the plan."""
    stands(at_work, step_began_at=6, alive_at=6)
    ImportRun.objects.update(step_began_at=at_work.alive_at)
    response = natalia.post(step("continue", at_work), {"here": "1"}, follow=True)
    at_work.refresh_from_db()
    assert (at_work.state, at_work.new, at_work.rejected) == ("planned", 1, 1)
    assert "Apply this plan" in response.content.decode()


def test_reading_is_stopped_from_its_page(natalia, at_work, lapp, client):
    """By whoever uploaded the file, or the DPO, for owners leave; the file is gone."""
    client.force_login(factories.make_user("registrar", lapp), backend="registry.scope.RoleBackend")
    assert client.post(step("cancel", at_work)).status_code == 404
    client.force_login(factories.make_user("dpo", lapp), backend="registry.scope.RoleBackend")
    response = client.post(step("cancel", at_work), follow=True)
    at_work.refresh_from_db()
    assert (at_work.state, storage.file_of(at_work).exists()) == ("cancelled", False)
    assert "Given up: nothing of the file was written, and it is deleted." in response.content.decode()
