"""The hand-over in the admin: shown in numbers before it is done, for acquirers only."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import strip_tags

from registry.journal import unit_of_work
from registry.models import Disclosure, HandOverRun, JournalEntry, Norm
from registry.models.grounding import serve
from registry.operations import handover
from tests.disclosing import make_activity, make_consented, make_recipient
from tests.factories import make_user, save

pytestmark = pytest.mark.django_db


@pytest.fixture
def activity(lapp):
    lapp.bin = "241040012133"
    activity = make_activity(save(lapp))
    person = make_consented(activity)
    with unit_of_work(by=None, role="system"):
        serve(person, activity.purposes.get().purpose, on=timezone.localdate())
    return activity


def url(recipient):
    return reverse("admin:registry_recipient_handover", args=[recipient.pk])


def run_url(view, run):
    return reverse(f"admin:registry_handoverrun_{view}", args=[run.pk])


def said(activity, **fields):
    today = timezone.localdate().isoformat()
    return {"activities": [activity.pk], "on": today, "ground": "consent", "_reason": "contract 5"} | fields


def test_hand_over_is_shown_before_it_is_done(activity, lapp, dpo, client_of_dpo):
    """The first page writes nothing and counts; the second does it, under the officer’s name and reason."""
    buyer = make_recipient(lapp, "buyer", kind="acquirer")
    page = client_of_dpo.post(url(buyer), said(activity))
    assert page.context["counts"].people == 1
    assert not Disclosure.objects.exists()
    response = client_of_dpo.post(url(buyer), said(activity, confirmed="1"), follow=True)
    run = HandOverRun.objects.get()
    assert response.redirect_chain == [(run_url("change", run), 302)]
    assert (run.state, run.people, run.begun_by, run.reason) == ("handed_over", 1, dpo, "contract 5")
    [row] = Disclosure.history.all()
    assert (row.history_user_id, row.history_change_reason) == (dpo.pk, "contract 5")
    assert JournalEntry.objects.filter(object_type="disclosure", action="create", actor=dpo.pk).count() == 1


FACTS = re.compile(r"<dt>([^<]*)</dt><dd>(.*?)</dd>")


def facts_of(page):
    """What the page lists by name, as text."""
    return {name: strip_tags(value) for name, value in FACTS.findall(page.content.decode())}


@pytest.mark.parametrize("most", [5000, 0])
def test_what_is_confirmed_is_named(most, activity, lapp, client_of_dpo, monkeypatch):
    """Activities, day, ground, norm and reason stand beside the numbers, or where there are too many people to look at each."""
    monkeypatch.setattr(handover, "MOST_AT_ONCE", most)
    other, norm = make_activity(lapp, "service"), Norm.objects.get(code="KZ-94-V/7")
    fields = {"activities": [activity.pk, other.pk], "ground": "norm", "norm": norm.pk}
    page = client_of_dpo.post(url(make_recipient(lapp, "buyer", kind="acquirer")), said(activity, **fields))
    named = {
        "Activities": f"{activity}, {other}",
        "Handed over on": date_format(timezone.localdate(), "DATE_FORMAT"),
        "Ground": f"{Disclosure.Ground.NORM.label} {norm.citation}",
        "Reason": "contract 5",
    }
    assert named.items() <= facts_of(page).items()


def test_way_back_shows_the_form_as_it_was_filled(activity, lapp, client_of_dpo):
    """Beside the confirmation, and stronger than it: nothing is done, and what was typed stands in its fields."""
    buyer = make_recipient(lapp, "buyer", kind="acquirer")
    shown = client_of_dpo.post(url(buyer), said(activity)).content.decode()
    assert 'name="again"' in shown and "Back to the form" in shown
    page = client_of_dpo.post(url(buyer), said(activity, confirmed="1", again="1"))
    form = page.context["form"]
    assert len(form.visible_fields()) == 5 and not form.errors
    assert (form["activities"].value(), form["_reason"].value()) == ([str(activity.pk)], "contract 5")
    text = page.content.decode()
    assert 'name="confirmed"' not in text and 'name="again"' not in text and "Show what will happen" in text
    assert not HandOverRun.objects.exists()


def test_refusal_is_said_on_the_page(activity, lapp, client_of_dpo):
    """What keeps the whole act back stands above the form."""
    buyer = make_recipient(lapp, "buyer", kind="acquirer", country="")
    page = client_of_dpo.post(url(buyer), said(activity, confirmed="1"))
    assert "The country of “Buyer LLP” is not known." in page.content.decode()
    assert not Disclosure.objects.exists()


def test_form_says_where_it_is_to_be_corrected(activity, lapp, client_of_dpo):
    """Above the form, where a reader by ear is led first; each error leads to its field, a set of boxes is one, help has its id."""
    buyer = make_recipient(lapp, "buyer", kind="acquirer")
    text = client_of_dpo.post(url(buyer), said(activity, activities=[], on="soon")).content.decode()
    assert '<div class="errornote" role="alert" tabindex="-1" data-focus>' in text
    for field in ("activities", "on"):
        assert f'<a href="#id_{field}" data-field>' in text and text.count(f'id="id_{field}"') == 1
    assert 'role="group" aria-labelledby="id_activities_label"' in text
    for described in re.findall(r'aria-describedby="([^"]+)"', text):
        assert all(f'id="{each}"' in text for each in described.split())


def test_only_an_acquirer_has_the_act(activity, lapp, client_of_dpo):
    """Nobody else’s page leads there."""
    assert client_of_dpo.get(url(make_recipient(lapp))).status_code == 404


def test_auditor_hands_nothing_over(activity, lapp, browser_client):
    """It needs the right to record disclosures."""
    buyer = make_recipient(lapp, "buyer", kind="acquirer")
    assert browser_client(make_user("auditor", lapp)).post(url(buyer), said(activity)).status_code == 403


def begun(client, lapp, activity, monkeypatch):
    """A hand-over that waits for the worker."""
    monkeypatch.setattr(handover, "MOST_AT_ONCE", 0)
    buyer = make_recipient(lapp, "buyer", kind="acquirer")
    page = client.post(url(buyer), said(activity))
    assert "It concerns 1 people, too many to look at each of them beforehand." in page.content.decode()
    client.post(url(buyer), said(activity, confirmed="1"))
    return HandOverRun.objects.get()


def test_hand_over_of_many_waits_and_is_done_at_ones_word(activity, lapp, client_of_dpo, queue, monkeypatch):
    """Its page says that it waits, and that no worker came; done here, it shows who went and who is to be told by when."""
    run = begun(client_of_dpo, lapp, activity, monkeypatch)
    assert not Disclosure.objects.exists()
    assert "It waits for the worker." in client_of_dpo.get(run_url("change", run)).content.decode()
    since = timezone.now() - dt.timedelta(seconds=10)
    HandOverRun.objects.update(step_began_at=since, alive_at=since)
    assert "No worker has taken it yet" in client_of_dpo.get(run_url("progress", run)).content.decode()
    page = client_of_dpo.post(run_url("continue", run), {"here": "1"}, follow=True)
    assert page.context["run"].state == "handed_over"
    assert [(day["waiting"], day["told"]) for day in page.context["owed"]["days"]] == [(1, 0)]
    assert client_of_dpo.get(run_url("progress", run)).content == b""


def test_auditor_reads_no_reason_of_a_hand_over(activity, lapp, client_of_dpo, queue, monkeypatch):
    """It is free text: it may name a person. That there is one is said."""
    run = begun(client_of_dpo, lapp, activity, monkeypatch)
    assert "contract 5" in client_of_dpo.get(run_url("change", run)).content.decode()
    client_of_dpo.force_login(make_user("auditor", lapp), backend="registry.scope.RoleBackend")
    page = client_of_dpo.get(run_url("change", run)).content.decode()
    assert "contract 5" not in page
    assert "(not shown to your role)" in page


def test_rest_is_given_up_once(activity, lapp, client_of_dpo, queue, monkeypatch):
    """It is asked first, in numbers. Nobody goes any more; a second time says that it is at its end."""
    run = begun(client_of_dpo, lapp, activity, monkeypatch)
    asked = client_of_dpo.get(run_url("cancel", run)).content.decode()
    assert "Whoever went has gone and is to be told" in asked and '<span class="note">of 1</span>' in asked
    assert HandOverRun.objects.get().is_at_work
    page = client_of_dpo.post(run_url("cancel", run), follow=True).content.decode()
    assert "Given up after 0 of 1 people" in page
    for again in ("cancel", "continue"):
        page = client_of_dpo.post(run_url(again, run), follow=True).content.decode()
        assert "Another process is at this hand-over, or it is at its end." in page
    assert not Disclosure.objects.exists()


def test_going_on_asks_the_gate_again(activity, lapp, client_of_dpo, queue, monkeypatch):
    """A promise of confidentiality that ended meanwhile stops what waited for the worker."""
    run = begun(client_of_dpo, lapp, activity, monkeypatch)
    promise = run.recipient.undertakings.get()
    promise.ends_on = promise.starts_on
    save(promise)
    page = client_of_dpo.post(run_url("continue", run), {"here": "1"}, follow=True).content.decode()
    assert "has not promised confidentiality" in page and not Disclosure.objects.exists()


def test_auditor_looks_on(activity, lapp, client_of_dpo, browser_client, queue, monkeypatch):
    """The page is open to whoever checks; going on and giving up are not."""
    run = begun(client_of_dpo, lapp, activity, monkeypatch)
    auditor = browser_client(make_user("auditor", lapp))
    assert "Give up the rest" not in auditor.get(run_url("change", run)).content.decode()
    assert [auditor.post(run_url(view, run)).status_code for view in ("cancel", "continue")] == [403, 403]
