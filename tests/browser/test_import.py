"""The weekly file of the CRM, in the browser: choose it, look, confirm, fetch what was not taken."""

import datetime as dt
import math

import pytest
from django.utils import timezone

from registry import tasks
from registry.models import DataSubject, ImportRun
from tests.factories import make_operator, make_purpose, make_user
from tests.imports.crm import consent, csv_of, person

from .test_walk import log_in


def test_file_is_previewed_applied_and_its_listed_rows_fetched(page, transactional_db, tmp_path):
    """Nothing is written before the confirmation; then what was shown, and the rest goes back as a CSV."""
    operator = make_operator("lapp")
    make_purpose(operator)
    log_in(page, make_user("dpo", operator))
    file = tmp_path / "bitrix.csv"
    rows = [person(number, **consent()) for number in range(1, 41)]
    rows[7]["iin"] = "900101"
    file.write_bytes(csv_of(rows))

    page.goto("/admin/registry/datasubject/")
    page.click('.object-tools a:has-text("Import")')
    page.set_input_files("[name=import_file]", file)
    page.click("text=Read the file")
    page.wait_for_url("**/importrun/*/change/")
    assert "39" in page.inner_text(".stats") and "an IIN has 12 digits, this one has 6" in page.inner_text("#content")
    assert not DataSubject.objects.exists()

    page.reload()  # the preview can be opened again at any time
    page.click("text=Apply this plan")
    page.wait_for_selector(".messagelist")
    assert "Import finished: 39 new" in page.inner_text(".messagelist")
    assert DataSubject.objects.count() == 39
    with page.expect_download() as download:
        page.click('a:has-text("CSV")')
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 2 and lines[1].startswith("C0000008;")

    # The same file again changes nothing.
    page.goto("/admin/registry/datasubject/import/")
    page.set_input_files("[name=import_file]", file)
    page.click("text=Read the file")
    page.wait_for_url("**/importrun/*/change/")
    assert "Nothing in the register would change." in page.inner_text("#content")
    page.click("text=Apply this plan")
    page.wait_for_selector(".messagelist")
    run = ImportRun.objects.latest("pk")
    assert (run.new, run.changed, run.same, run.rejected) == (0, 0, 39, 1)
    assert DataSubject.history.count() == 39
    assert not page.complaints


def test_progress_moves_by_itself_and_the_keyboard_stays_where_it_is(
    page, transactional_db, tmp_path, settings, monkeypatch
):
    """The bar and its words follow the worker; the button that has the focus keeps it; the end is another page."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
    settings.IMPORT_BACKGROUND_BYTES = 0
    monkeypatch.setattr("registry.admin.steps.PATIENCE_SECONDS", math.inf)  # no browser is too slow to see it wait
    operator = make_operator("lapp")
    log_in(page, make_user("dpo", operator))
    file = tmp_path / "people.csv"
    file.write_bytes(csv_of([person(number) for number in range(20)]))
    page.goto("/admin/registry/datasubject/import/")
    page.set_input_files("[name=import_file]", file)
    page.click("text=Read the file")
    page.wait_for_selector("text=It waits for the worker.")

    run = ImportRun.objects.get()
    began = timezone.now() - dt.timedelta(seconds=2)
    ImportRun.objects.update(step_began_at=began, alive_at=timezone.now(), rows_done=5, rows_expected=20)
    page.wait_for_selector("text=25 % · 5 of 20 rows")
    page.focus("text=Stop reading")
    ImportRun.objects.update(rows_done=15)
    page.wait_for_selector("text=75 % · 15 of 20 rows")
    assert page.get_attribute("progress", "value") == "15"
    assert "75 %" in page.text_content("#progress-said")
    assert page.evaluate("document.activeElement.textContent") == "Stop reading"

    ImportRun.objects.update(alive_at=began, step_began_at=began, rows_done=0)
    run.refresh_from_db()
    tasks.perform(run)
    page.wait_for_selector("text=Apply this plan")
    assert not page.complaints


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_page_of_every_state_fits(page, transactional_db, tmp_path, width, scheme):
    """Nothing complains and nothing is wider than the screen, in any state of a run."""
    operator = make_operator("lapp")
    make_purpose(operator)
    log_in(page, make_user("dpo", operator))
    file = tmp_path / "people.csv"
    file.write_bytes(csv_of([person(number, email="x" * 150 if number % 3 else "") for number in range(60)]))
    page.goto("/admin/registry/datasubject/import/")
    page.set_input_files("[name=import_file]", file)
    page.click("text=Read the file")
    page.wait_for_url("**/importrun/*/change/")
    address = page.url
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    for state in ImportRun.State.values:
        now = timezone.now()
        ImportRun.objects.update(
            state=state, applied_at=now, undone_at=now, step_began_at=now, alive_at=now, rows_done=20, rows_expected=60
        )
        for query in ("", "../undo/") if state == "applied" else ("",):
            assert page.goto(address + query).status == 200, state
            assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), state
    assert not page.complaints
