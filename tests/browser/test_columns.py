"""A file of a CRM nobody knows: its columns are named by keyboard, on a wide screen and on a phone."""

import pytest

from registry.models import DataSubject, ImportSource
from tests.factories import make_operator, make_purpose, make_user

from .test_walk import log_in


@pytest.mark.parametrize("width", [1280, 390])
def test_columns_are_named_by_keyboard(page, transactional_db, tmp_path, width):
    """What the file leaves open is asked on one page; answered with keys alone it is read, and remembered for next time."""
    operator = make_operator("lapp")
    make_purpose(operator)
    page.set_viewport_size({"width": width, "height": 900})
    log_in(page, make_user("dpo", operator))
    file = tmp_path / "crm.csv"
    file.write_text("Карточка;Кто;Born;Телефон\nA1;Ким Асель;01/02/1990;8 (701) 123-45-67\n", encoding="utf-8")

    page.goto("/admin/registry/datasubject/import/")
    page.set_input_files("[name=import_file]", file)
    page.click("text=Read the file")
    page.wait_for_url("**/columns/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for column, field in ((0, "CRM id"), (1, "full name, surname first"), (2, "birth date")):
        page.focus(f"[name=column_{column}]")
        page.keyboard.type(field)
    page.focus("[name=new_source]")
    page.keyboard.type("Картотека")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Its dates can be read with the day first and with the month first.")
    page.focus("[name=date_order]")
    page.keyboard.press("ArrowDown")
    page.focus("[name=new_source]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/importrun/*/change/")
    assert ImportSource.objects.get().mapping.splitlines() == ["Карточка=crm_id", "Кто=full_name", "Born=birth_date"]
    page.click("text=Apply this plan")
    page.wait_for_selector("text=New people")
    page.wait_for_function("!document.body.innerText.includes('Apply this plan')")
    subject = DataSubject.objects.get()
    assert (subject.surname, subject.given_name, str(subject.birth_date)) == ("Ким", "Асель", "1990-02-01")
    assert not page.complaints
