"""What an activity refers to is completed from its form, in a window of its own."""

from registry.models import RetentionRule
from tests.factories import make_user
from tests.world import make_world

from .test_walk import log_in


def test_rule_is_completed_in_a_window_from_the_activity(page, transactional_db):
    """The pencil beside a choice opens it; once saved, the window closes and the form is still there."""
    world = make_world("lapp")
    log_in(page, make_user("dpo", world["operator"]))
    page.goto(f"/admin/registry/processingactivity/{world['processingactivity'].pk}/change/")
    page.fill("#id_note", "typed before")
    with page.expect_popup() as opened:
        page.click("#change_id_retention-0-rule")
    window = opened.value
    complaints = []
    window.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    window.fill("#id_period", "5")
    with window.expect_event("close"):
        window.click("[name=_save]")
    assert RetentionRule.objects.get().period == 5
    assert page.input_value("#id_note") == "typed before"
    assert not page.complaints and not complaints
