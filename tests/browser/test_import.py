"""The weekly file of the CRM, in the browser: choose it, look, confirm, fetch what was not taken."""

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
    assert "39" in page.inner_text(".stats") and "an IIN has 12 digits, this one has 6" in page.inner_text("#content")
    assert not DataSubject.objects.exists()

    page.click("text=Apply this plan")
    page.wait_for_url("**/importrun/*/change/")
    assert "Import finished: 39 new" in page.inner_text(".messagelist")
    assert DataSubject.objects.count() == 39
    with page.expect_download() as download:
        page.click("text=Rejected rows (CSV)")
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 2 and lines[1].startswith("C0000008;")

    # The same file again changes nothing.
    page.goto("/admin/registry/datasubject/import/")
    page.set_input_files("[name=import_file]", file)
    page.click("text=Read the file")
    page.click("text=Apply this plan")
    page.wait_for_url("**/importrun/*/change/")
    run = ImportRun.objects.latest("pk")
    assert (run.new, run.changed, run.same, run.rejected) == (0, 0, 39, 1)
    assert DataSubject.history.count() == 39
    assert not page.complaints
