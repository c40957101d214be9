"""What a form records is sent once, however often its button is clicked, and again where it did not arrive."""

from registry.models import DataSubject
from tests.factories import make_user
from tests.world import make_world

from .test_walk import log_in


def fill_person(page, operator):
    """A person without an id of the CRM: nothing of hers would be refused as there already."""
    log_in(page, make_user("dpo", operator))
    page.goto("/admin/registry/datasubject/add/")
    page.fill("#id_given_name", "Aigul")
    page.fill("#id__reason", "told by phone")


COUNT_WHAT_IS_SENT = """
document.getElementById('datasubject_form').addEventListener('submit', (event) => {
    document.body.dataset.sent = Number(document.body.dataset.sent || 0) + !event.defaultPrevented;
    event.preventDefault();
});
"""


def test_second_click_while_the_first_is_on_its_way_sends_nothing(page, transactional_db):
    fill_person(page, make_world("lapp")["operator"])
    page.evaluate(COUNT_WHAT_IS_SENT)
    page.dblclick("[name=_save]")
    assert page.get_attribute("body", "data-sent") == "1"


def test_form_that_was_stopped_on_its_way_is_sent_again(page, transactional_db):
    """The server was not reached: Escape ends the waiting, and the same button works."""
    fill_person(page, make_world("lapp")["operator"])
    before = DataSubject.objects.count()
    page.route("**/add/", lambda route: route.abort("aborted"))
    page.click("[name=_save]")
    assert page.get_attribute("#datasubject_form", "aria-busy") == "true"
    page.unroute("**/add/")
    page.keyboard.press("Escape")
    assert page.get_attribute("#datasubject_form", "aria-busy") is None
    page.click("[name=_save]")
    page.wait_for_selector(".messagelist .success")
    assert DataSubject.objects.count() == before + 1
