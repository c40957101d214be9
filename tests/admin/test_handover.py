"""The hand-over in the admin: shown in numbers before it is done, for acquirers only."""

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import Disclosure, JournalEntry
from registry.models.grounding import serve
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
    assert "Recorded: the data of 1 people went to Buyer LLP." in response.content.decode()
    [row] = Disclosure.history.all()
    assert (row.history_user_id, row.history_change_reason) == (dpo.pk, "contract 5")
    assert JournalEntry.objects.filter(object_type="disclosure", action="create", actor=dpo.pk).count() == 1


def test_refusal_is_said_on_the_page(activity, lapp, client_of_dpo):
    """What keeps the whole act back stands above the form."""
    buyer = make_recipient(lapp, "buyer", kind="acquirer", country="")
    page = client_of_dpo.post(url(buyer), said(activity, confirmed="1"))
    assert "The country of “Buyer LLP” is not known." in page.content.decode()
    assert not Disclosure.objects.exists()


def test_only_an_acquirer_has_the_act(activity, lapp, client_of_dpo):
    """Nobody else’s page leads there."""
    assert client_of_dpo.get(url(make_recipient(lapp))).status_code == 404


def test_auditor_hands_nothing_over(activity, lapp, browser_client):
    """It needs the right to record disclosures."""
    buyer = make_recipient(lapp, "buyer", kind="acquirer")
    assert browser_client(make_user("auditor", lapp)).post(url(buyer), said(activity)).status_code == 403
