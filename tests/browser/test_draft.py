"""The officer completes a draft as loaded from Lapp's register, in the browser, until it can be activated."""

from registry.imports.laws import REGISTERS
from registry.imports.registers import load_register
from registry.models import Operator, ProcessingActivity
from tests.factories import make_user

from .test_walk import log_in


def test_draft_of_lapp_is_completed_and_activated(page, transactional_db):
    """What is missing is listed; once each of it is entered, the activity goes into effect, and not before."""
    load_register(REGISTERS / "lapp.toml", by=None, role="system", reason="", overwrite=False)
    lapp = Operator.objects.get(code="lapp")
    activity = ProcessingActivity.objects.get(operator=lapp, code="email-information")
    log_in(page, make_user("dpo", lapp))

    def open_activity():
        page.goto(f"/admin/registry/processingactivity/{activity.pk}/change/")

    def blockers():
        open_activity()
        return page.locator(".blockers li code").all_inner_texts()

    before = blockers()
    assert len(before) == 7
    page.click("text=Activate")
    assert page.locator(".blockers li code").all_inner_texts() == before
    assert page.locator("form.card").count() == 0

    # A database in Kazakhstan
    page.goto("/admin/registry/database/add/")
    page.fill("#id_code", "crm")
    page.fill("#id_name_en", "CRM")
    page.select_option("#id_standing", "original")
    page.fill("#id_country", "KZ")
    page.click("[name=_save]")
    # The retention rule: a term and what follows
    page.goto("/admin/registry/retentionrule/")
    page.click("#result_list a:text-is('purpose-reached')")
    page.fill("#id_period", "1")
    page.select_option("#id_unit", "day")
    page.select_option("#id_then", "destroy")
    page.click("[name=_save]")

    open_activity()
    page.fill("#id_started_on", "2024-01-15")
    # 94-V knows consent as a ground, not the agreements that the policy names
    page.select_option("#id_purposes-0-basis", label="Consent of the subject")
    for row in range(3):
        page.fill(f"#id_data_categories-{row}-necessity", "to address the letter")
    page.click("#databases-group .add-row a")
    page.select_option("#id_databases-0-database", label="CRM")
    page.fill("#id__reason", "Completed from the CRM's description")
    page.click("[name=_save]")
    assert blockers() == []

    page.click("text=Activate")
    page.fill("#id__reason", "Nothing is missing")
    page.click("form.card button.default")
    activity.refresh_from_db()
    assert activity.status == "active"
    assert "is now: active" in page.inner_text(".messagelist")
    assert not page.complaints
