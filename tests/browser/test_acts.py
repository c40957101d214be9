"""Forms of acts in the browser: what is wrong is read first, and leads to its field; every button is in sight."""

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.journal import unit_of_work
from registry.operations.blocking import block
from tests.disclosing import make_activity
from tests.factories import make_law, make_user, save
from tests.operations.test_telling import handed_over

from .test_handover import sound
from .test_walk import SCREENS, log_in, show, walked_world


def buttons_in_sight(page):
    """None is cut off at the side."""
    return page.evaluate(
        "[...document.querySelectorAll('.submit-row .button')].every(each => each.getBoundingClientRect().right <= innerWidth)"
    )


def address(view, record):
    return reverse(f"admin:registry_{view}", args=[record.pk])


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
@pytest.mark.parametrize(("view", "field"), [("block", "_reason"), ("unblock", "_reason"), ("change", "why")])
def test_error_leads_to_its_field(view, field, width, scheme, page, transactional_db):
    """Of blocking, of lifting a block, and of saying why blocked data are read: by keyboard alone."""
    world = walked_world()
    person, officer = world["datasubject"], make_user("dpo", world["operator"])
    if view != "block":
        with unit_of_work(by=officer):
            block(person, law=make_law(), cause="other", why="said so", by=officer, at=timezone.now())
    log_in(page, make_user("dpo", world["operator"]))
    show(page, width, scheme)
    page.goto(address(f"datasubject_{view}", person))
    assert not page.complaints and sound(page)
    page.click(".submit-row .default")
    page.wait_for_function(f"document.activeElement.hash === '#id_{field}'")
    assert sound(page) and buttons_in_sight(page)
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == field


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_telling_is_shown_and_opened_again(width, scheme, page, transactional_db):
    """From the confirmation back to the form, as it was filled."""
    world = walked_world()
    world["operator"].bin = "241040012133"
    run = handed_over(save(world["operator"]), world["acquirer"], make_activity(world["operator"], "service"), people=1)
    log_in(page, make_user("dpo", world["operator"]))
    show(page, width, scheme)
    page.goto(address("handoverrun_told", run))
    page.fill("#id_how", "mailing of today")
    page.click(".submit-row .default")
    assert "mailing of today" in page.inner_text("#told-counts + .facts")
    assert sound(page) and buttons_in_sight(page)
    page.click("button[name=again]")
    assert page.input_value("#id_how") == "mailing of today"
    assert sound(page)
