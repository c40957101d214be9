import datetime as dt
import math
import shutil
import time

import pytest
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis

from registry.operations.kept_files import KEPT

from . import factories

# A test that is right is right on a busy machine, too.
hypothesis.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.load_profile("patient")
# Nearly every test takes less.
LAST_SECONDS = 10


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    """What a web process keeps between its pages, and files whose records were rolled back, are none of the next test's; no
    machine is too slow to count anew.
    """
    cache.clear()
    for folder in KEPT:
        shutil.rmtree(settings.DATA_DIR / "private" / folder, ignore_errors=True)
    monkeypatch.setattr("registry.admin.desk.LONG_SECONDS", math.inf)


@pytest.fixture(autouse=True)
def one_day():
    """A test asks several times which day it is, and so does what it tests: none begins in the last seconds of a day in Almaty
    (before 19:00 UTC), it waits for the next day. Only one that takes longer than that may still meet two days.
    """
    now = timezone.localtime()
    midnight = dt.datetime.combine(now.date() + dt.timedelta(days=1), dt.time(), now.tzinfo)
    if (left := (midnight - now).total_seconds()) < LAST_SECONDS:
        time.sleep(left)


@pytest.fixture
def lapp(db):
    """The operator most tests are about."""
    return factories.make_operator("lapp", name_en="Lapp Kazakhstan LLP")


@pytest.fixture
def kazger(db):
    """Another operator, whose records must never be met."""
    return factories.make_operator("kazger", name_en="KazGer LLP")


@pytest.fixture
def dpo(lapp):
    return factories.make_user("dpo", lapp, username="natalia")


@pytest.fixture
def queue(settings):
    """Long steps wait in the table of the database, and every step of an import is a long one."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
    settings.IMPORT_BACKGROUND_BYTES = 0


@pytest.fixture
def browser_client(client):
    """A client that logs in without the login form: `browser_client(user)`."""

    def login(user):
        client.force_login(user, backend="registry.scope.RoleBackend")
        return client

    return login
