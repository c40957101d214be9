"""The form of a hand-over in the browser: what is wrong is read first, and leads to its field; the way back keeps what was typed."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from tests.factories import make_user

from .test_walk import SCREENS, log_in, show, walked_world


def sound(page):
    """Nothing wider than the screen, and nothing that axe finds."""
    found = Axe().run(page).response["violations"]
    return not found and not page.evaluate("document.documentElement.scrollWidth > innerWidth")


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_form_is_corrected_shown_and_opened_again(width, scheme, page, transactional_db):
    """From the first error to its field, from the confirmation back to the form."""
    world = walked_world()
    log_in(page, make_user("dpo", world["operator"]))
    show(page, width, scheme)
    page.goto(reverse("admin:registry_recipient_handover", args=[world["acquirer"].pk]))
    page.click(".submit-row .default")
    page.wait_for_function("document.activeElement.hash === '#id_activities'")
    assert sound(page)
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "activities"
    page.keyboard.press("Space")
    page.fill("#id__reason", "contract 5")
    page.click(".submit-row .default")
    assert str(world["processingactivity"]) in page.inner_text("#handover-said + .facts")
    assert sound(page)
    page.click("button[name=again]")
    assert page.is_checked("[name=activities]") and page.input_value("#id__reason") == "contract 5"
    assert sound(page)
