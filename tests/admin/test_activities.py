import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from registry import journal
from tests.factories import make_user, save
from tests.forms import form_fields
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db):
    return make_world("lapp")


@pytest.fixture
def client_of_dpo(world, browser_client):
    return browser_client(make_user("dpo", world["operator"]))


def act_url(activity, act="activate"):
    return reverse("admin:registry_processingactivity_act", args=[activity.pk, act])


def change_url(activity):
    return reverse("admin:registry_processingactivity_change", args=[activity.pk])


def activated(activity):
    with journal.unit_of_work(by=None):
        activity.activate()
    return activity


def test_complete_draft_is_activated(client_of_dpo, world):
    """When nothing is missing the officer activates the activity, with a reason, and the history tells it."""
    activity = world["processingactivity"]
    assert client_of_dpo.post(act_url(activity), {"_reason": "All is known"}).status_code == 302
    activity.refresh_from_db()
    assert activity.status == "active"
    assert activity.history.first().history_change_reason == "All is known"


def test_incomplete_draft_is_refused_with_the_list_of_its_form(client_of_dpo, world):
    """Activation is refused with the very list that stands on the activity's form."""
    activity = world["processingactivity"]
    with journal.unit_of_work(by=None):
        world["activityretention"].delete()
        world["activitydatabase"].delete()
    on_form = client_of_dpo.get(change_url(activity)).context["blockers"]
    refused = client_of_dpo.post(act_url(activity))
    assert refused.status_code == 409
    assert refused.context["blockers"] == on_form
    assert [blocker["code"] for blocker in on_form] == ["no-database", "no-retention"]
    activity.refresh_from_db()
    assert activity.status == "draft"


def test_activation_in_a_shell_asks_the_same_gate(world):
    """The gate holds on every route."""
    activity = world["processingactivity"]
    with journal.unit_of_work(by=None):
        world["activitymeasure"].delete()
    with pytest.raises(ValidationError, match="No security measure is named."), journal.unit_of_work(by=None):
        activity.activate()
    activity.refresh_from_db()
    activity.status = "active"
    with pytest.raises(ValidationError, match="No security measure is named."), journal.unit_of_work(by=None):
        activity.save()


def test_active_activity_loses_no_link_it_needs(client_of_dpo, world):
    """Taking the last database off an active activity is refused; the form comes back, everything stays as it was."""
    activity = activated(world["processingactivity"])
    fields = form_fields(
        client_of_dpo.get(change_url(activity)).context, **{"databases-0-DELETE": "on", "note": "Typed"}
    )
    response = client_of_dpo.post(change_url(activity), fields)
    text = response.content.decode()
    assert response.status_code == 200
    assert "No database is named." in text
    assert "Typed" in text
    activity.refresh_from_db()
    assert (activity.databases.count(), activity.note) == (1, "")


def test_active_activity_is_suspended_and_activated_again(client_of_dpo, world):
    """Suspending needs nothing, activating again asks the gate again."""
    activity = activated(world["processingactivity"])
    assert client_of_dpo.post(act_url(activity, "suspend")).status_code == 302
    assert client_of_dpo.post(act_url(activity, "suspend")).status_code == 409
    assert client_of_dpo.post(act_url(activity)).status_code == 302
    assert client_of_dpo.post(act_url(activity, "end")).status_code == 302
    activity.refresh_from_db()
    assert activity.status == "ended"
    assert activity.ended_on is not None


def test_auditor_may_not_activate(world, browser_client):
    """Acts are the DPO's."""
    client = browser_client(make_user("auditor", world["operator"]))
    assert client.post(act_url(world["processingactivity"])).status_code == 403


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda world: setattr(world["legalbasis"], "norm", None), "basis-unknown"),
        (lambda world: setattr(world["database"], "country", "DE"), "no-local-database"),
        (lambda world: setattr(world["recipient"], "agreement_number", ""), "processor-agreement"),
        (lambda world: setattr(world["recipient"], "country", ""), "recipient-country"),
        (lambda world: setattr(world["activitydatacategory"], "necessity", ""), "no-necessity"),
        (lambda world: setattr(world["retentionrule"], "then", ""), "retention-incomplete"),
        (lambda world: setattr(world["processingactivity"], "operations", ""), "no-operations"),
        (lambda world: setattr(world["processingactivity"], "started_on", None), "no-start"),
        (lambda world: setattr(world["processingactivity"], "sources", ""), "no-source"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_gap_is_a_blocker(world, change, code):
    """Each thing the record must say is asked for by name."""
    change(world)
    for record in (
        "legalbasis",
        "database",
        "recipient",
        "activitydatacategory",
        "retentionrule",
        "processingactivity",
    ):
        save(world[record])
    activity = type(world["processingactivity"]).objects.get(pk=world["processingactivity"].pk)
    assert [blocker.code for blocker in activity.blockers()] == [code]


@pytest.mark.parametrize(
    ("record", "field", "value", "sentence"),
    [
        ("legalbasis", "norm", None, "which no law of the operator knows as a ground"),
        ("recipient", "agreement_number", "", "There is no agreement with processor"),
        ("database", "country", "DE", "None of the databases lies in Kazakhstan."),
        ("retentionrule", "then", "", "names no term, or not what happens then."),
        ("responsibleperson", "dismissed_on", "2025-01-01", "Nobody is responsible"),
    ],
)
def test_ground_cannot_be_taken_from_under_an_active_activity(world, record, field, value, sentence):
    """What an active activity stands on stays, on every route; the sentence names the activity."""
    activated(world["processingactivity"])
    changed = world[record]
    setattr(changed, field, value)
    with pytest.raises(ValidationError, match=sentence) as refused, journal.unit_of_work(by=None):
        changed.full_clean()
        changed.save()
    assert "The active activity “Processing activity of lapp” would no longer be in order" in refused.value.messages[0]


def test_law_of_the_operator_cannot_be_removed_from_under_an_active_activity(world):
    """Without the law the ground is unknown."""
    activated(world["processingactivity"])
    with pytest.raises(ValidationError, match="no law of the operator knows"), journal.unit_of_work(by=None):
        world["operatorlaw"].delete()


def test_gap_that_time_has_made_does_not_forbid_mending(world):
    """When an agreement has run out, other things of the activity can still be put right."""
    activated(world["processingactivity"])
    type(world["recipient"]).objects.filter(pk=world["recipient"].pk).update(agreement_until="2025-01-01")
    activity = type(world["processingactivity"]).objects.get(pk=world["processingactivity"].pk)
    activity.note = "The agreement is being renewed."
    save(activity)
    with pytest.raises(ValidationError, match="No security measure is named."), journal.unit_of_work(by=None):
        world["activitymeasure"].delete()
