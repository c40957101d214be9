"""Cross-border transfers in the admin: the checklist on the page, refusals in the form, the desk, and the question what if."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.models import CrossBorderTransfer, JournalEntry
from tests.factories import make_law, make_norm, make_user
from tests.forms import form_fields
from tests.transfers import FINDING, LAPP, STEPS, make_exporter, make_standing, make_transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def lapp(db):
    return make_exporter("lapp", clauses=LAPP, only_protecting_states=True)


@pytest.fixture
def kazger(db):
    return make_exporter("kazger")


def url(view, *args):
    return reverse(f"admin:registry_crossbordertransfer_{view}", args=args)


def steps_on_page(page):
    return [(each["step"].label, each["step"].state, each["norm"]) for each in page.context["steps"]]


@pytest.mark.parametrize("role", ["dpo", "auditor"])
def test_page_shows_the_steps_in_order_with_norm_and_advice(role, lapp, browser_client):
    """Officer and auditor read the same list: what is done, what is open, and by which clause or norm."""
    make_norm("KZ-94-V/16(2)", topics="cross_border")
    transfer = make_transfer(lapp, information_received_on=dt.date(2026, 3, 2))
    page = browser_client(make_user(role, lapp)).get(url("change", transfer.pk))
    assert steps_on_page(page) == [
        ("Place", "done", "KZ-94-V art. 16(2) (unverified)"),
        ("Protection under KZ-94-V", "open", "policy, clause 10.4; KZ-94-V art. 16(2) (unverified)"),
        ("Mechanism", "refused", "policy, clause 10.4; KZ-94-V art. 16(2) (unverified)"),
        ("Base at home", "done", ""),
        ("Information from the recipient", "done", "policy, clause 10.2"),
        ("Notice to the authorised body", "open", "policy, clause 10.1"),
        ("Wait and prohibition", "not_asked", ""),
        ("Start", "open", ""),
    ]
    assert "Send the notice; enter its day and number." in page.content.decode()


def test_form_refuses_a_start_out_of_order(kazger, browser_client):
    """The day is not saved, and the sentence stands at its field with what to do and the clause."""
    transfer = make_transfer(kazger)
    client = browser_client(make_user("dpo", kazger))
    fields = form_fields(client.get(url("change", transfer.pk)).context, started_on="2026-03-04")
    response = client.post(url("change", transfer.pk), fields)
    errors = response.context["adminform"].form.errors
    assert errors["authority_notified_on"] == [
        "The authorised body has not been notified. Send the notice; enter its day and number. [policy, clause 10.1]"
    ]
    transfer.refresh_from_db()
    assert transfer.started_on is None


def test_suspended_transfer_says_so(kazger, browser_client):
    """On its page, in the list under its state, and on the desk."""
    transfer = make_transfer(kazger, **STEPS, **FINDING)
    make_transfer(kazger, "running", **STEPS)
    make_standing("TR", protects=False)
    client = browser_client(make_user("dpo", kazger))
    assert "the country no longer ensures protection. Nothing may be passed on" in client.get(
        url("change", transfer.pk)
    ).content.decode().replace("\n", " ")
    listed = client.get(url("changelist") + "?state=suspended").context["cl"].result_list
    assert list(listed) == [transfer]
    rows = client.get(reverse("admin:index")).context["desk"]["transfers"]["rows"]
    assert [(row["transfer"], row["why"]) for row in rows] == [(transfer, "the country no longer ensures protection")]


@pytest.mark.parametrize(
    ("state", "found"),
    [("waiting", ["waiting"]), ("running", ["running"]), ("suspended", ["suspended"]), ("ended", ["ended"])],
)
def test_list_is_filtered_by_state(state, found, kazger, browser_client):
    """Each transfer is in exactly one state."""
    make_transfer(kazger, "waiting")
    make_transfer(kazger, "running", **STEPS)
    make_transfer(kazger, "suspended", **STEPS, prohibited_on=timezone.localdate())
    make_transfer(kazger, "ended", **STEPS, ended_on=dt.date(2026, 3, 5))
    listed = browser_client(make_user("dpo", kazger)).get(url("changelist"), {"state": state}).context["cl"].result_list
    assert [each.code for each in listed] == found


def test_what_if_lists_transfers_of_the_operator_and_changes_nothing(kazger, lapp, browser_client):
    """The page names what would be suspended; nothing is, and one entry tells that it was asked."""
    transfer = make_transfer(kazger, **STEPS, **FINDING)
    make_transfer(lapp, **STEPS, **FINDING)
    client = browser_client(make_user("auditor", kazger))
    client.get(url("what_if"))
    seq = JournalEntry.objects.latest("seq").seq
    asked = {"country": "tr", "law": make_law().pk, "protects": "no", "on": timezone.localdate().isoformat()}
    page = client.post(url("what_if"), asked)
    assert [group["transfers"] for group in page.context["groups"]] == [[transfer], []]
    assert not CrossBorderTransfer.objects.exclude(suspension="").exists()
    [entry] = JournalEntry.objects.filter(seq__gt=seq)
    assert (entry.action, entry.operator) == ("transfer.what_if", "kazger")


def test_what_if_refuses_what_is_no_country(kazger, browser_client):
    """Said at the field; nothing is asked."""
    asked = {"country": "XX", "law": make_law().pk, "protects": "no", "on": "2026-03-04"}
    page = browser_client(make_user("dpo", kazger)).post(url("what_if"), asked)
    assert page.context["form"].errors == {"country": ["“XX” is no country code."]}
    assert page.context["groups"] is None


def test_officer_suspends_and_takes_up_again(kazger, browser_client):
    """Asked on a page of its own with the reason; the page of the transfer offers the other act then."""
    transfer = make_transfer(kazger, **STEPS)
    client = browser_client(make_user("dpo", kazger))
    for act, done in (("suspend", "officer"), ("resume", "")):
        offered = [each["url"] for each in client.get(url("change", transfer.pk)).context["acts"]]
        assert url("act", transfer.pk, act) in offered
        assert client.post(url("act", transfer.pk, act), {"_reason": ""}).context["form"].errors["_reason"]
        assert client.post(url("act", transfer.pk, act), {"_reason": "incident"}).url == url("change", transfer.pk)
        transfer.refresh_from_db()
        assert transfer.suspension == done
        assert transfer.history.first().history_change_reason == "incident"


@pytest.mark.parametrize("state", ["waiting", "ended"])
def test_what_does_not_run_is_not_offered_to_be_suspended(state, kazger, browser_client):
    """A POST past the page shows why, with nothing changed."""
    given = STEPS | {"ended_on": dt.date(2026, 3, 5)} if state == "ended" else {}
    transfer = make_transfer(kazger, **given)
    client = browser_client(make_user("dpo", kazger))
    assert [str(each["label"]) for each in client.get(url("change", transfer.pk)).context["acts"]] == ["What if"]
    refused = client.post(url("act", transfer.pk, "suspend"), {"_reason": "incident"})
    assert (refused.status_code, len(refused.context["blockers"]), refused.context["form"]) == (409, 1, None)
    transfer.refresh_from_db()
    assert transfer.suspension == ""


@pytest.mark.parametrize("role", ["registrar", "auditor"])
def test_only_the_officer_suspends(role, kazger, browser_client):
    """Others are not offered it, and are refused."""
    transfer = make_transfer(kazger, **STEPS)
    client = browser_client(make_user(role, kazger))
    assert client.post(url("act", transfer.pk, "suspend"), {"_reason": "incident"}).status_code in (403, 404)
    transfer.refresh_from_db()
    assert transfer.suspension == ""
