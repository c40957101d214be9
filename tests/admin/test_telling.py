"""That everybody of a hand-over was told, in the admin: shown in numbers first, then recorded; for the operator’s officers only."""

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import HandOverRun, JournalEntry, Obligation, TellingRun
from registry.operations import handover
from tests.disclosing import make_activity, make_recipient
from tests.factories import make_user, save, today
from tests.operations.test_telling import handed_over

pytestmark = pytest.mark.django_db
LABEL = "Record that all were told"


@pytest.fixture
def run(lapp):
    lapp.bin = "241040012133"
    buyer = make_recipient(save(lapp), "buyer", kind="acquirer")
    return handed_over(lapp, buyer, make_activity(lapp), people=3)


def page_of(run, view="change"):
    return reverse(f"admin:registry_{run._meta.model_name}_{view}", args=[run.pk])


def said(days=0, **fields):
    return {"on": today(days).isoformat(), "how": "mailing of today"} | fields


def text_of(response):
    return response.content.decode()


def test_it_is_shown_before_it_is_recorded(run, dpo, client_of_dpo):
    """The first page writes nothing and counts who is meant and who is left; the second does it, under the officer’s name."""
    with unit_of_work(by=dpo):
        Obligation.objects.earliest("pk").fulfil(by=dpo, at=timezone.now(), how="letter 5")
    assert page_of(run, "told") in text_of(client_of_dpo.get(page_of(run)))
    assert client_of_dpo.get(page_of(run, "told")).context["form"]["on"].value() == timezone.localdate()
    shown = client_of_dpo.post(page_of(run, "told"), said())
    assert (shown.context["waiting"], shown.context["told"]) == (2, 1)
    assert Obligation.objects.open().count() == 2
    done = client_of_dpo.post(page_of(run, "told"), said(confirmed="1"), follow=True)
    assert done.redirect_chain == [(page_of(run), 302)]
    assert f"2 people are recorded as told on {today().isoformat()}." in text_of(done)
    assert not Obligation.objects.open().exists()
    assert {each.how for each in Obligation.objects.all()} == {"letter 5", "mailing of today"}
    entries = JournalEntry.objects.filter(object_type="obligation", action="change", actor=dpo.pk)
    assert [entry.operator for entry in entries] == ["lapp"] * 3


def test_way_back_shows_the_form_as_it_was_filled(run, client_of_dpo):
    """Beside the confirmation, and stronger than it: nothing is recorded, and what was typed stands in its fields."""
    shown = text_of(client_of_dpo.post(page_of(run, "told"), said()))
    assert 'name="confirmed"' in shown and 'name="again"' in shown and "Back to the form" in shown
    page = client_of_dpo.post(page_of(run, "told"), said(confirmed="1", again="1"))
    form = page.context["form"]
    assert [field.value() for field in form.visible_fields()] == [today().isoformat(), "mailing of today"]
    assert not form.errors and "Show what will happen" in text_of(page)
    assert 'name="confirmed"' not in text_of(page) and 'name="again"' not in text_of(page)
    assert Obligation.objects.open().count() == 3 and not TellingRun.objects.exists()


def test_page_counts_those_whom_its_button_means(run, lapp, client_of_dpo):
    """Of two hand-overs to one acquirer each counts its own people, waiting and told."""
    later = handed_over(lapp, run.recipient, make_activity(lapp, "service"), people=1)
    assert [counted(client_of_dpo, each) for each in (run, later)] == [(3, 0), (1, 0)]
    assert client_of_dpo.post(page_of(later, "told"), said()).context["waiting"] == 1
    client_of_dpo.post(page_of(later, "told"), said(confirmed="1"))
    assert [counted(client_of_dpo, each) for each in (run, later)] == [(3, 0), (0, 1)]


def counted(client, run):
    """What the page of a hand-over shows of its only day: to be told, told."""
    [day] = client.get(page_of(run)).context["owed"]["days"]
    return day["waiting"], day["told"]


def test_while_another_hand_over_to_the_acquirer_is_at_work_no_button(run, lapp, client_of_dpo):
    """It would be refused: the page says why instead of offering it, and offers it again afterwards."""
    later = handed_over(lapp, run.recipient, make_activity(lapp, "service"), people=1)
    at_work = HandOverRun.objects.filter(pk=later.pk)
    at_work.update(state="handing_over")
    page = text_of(client_of_dpo.get(page_of(run)))
    assert page_of(run, "told") not in page
    assert "The data are still being handed over. Record it when everybody has gone." in page
    form = client_of_dpo.get(page_of(run, "told"), follow=True)
    assert form.redirect_chain == [(page_of(run), 302)]
    assert "Record it when everybody has gone." in text_of(client_of_dpo.post(page_of(run, "told"), said()))
    at_work.update(state="handed_over")
    assert page_of(run, "told") in text_of(client_of_dpo.get(page_of(run)))


def test_nobody_to_be_told_no_button(run, client_of_dpo):
    """Once all were told the page does not offer it, and its address says so; a second confirmation writes nothing."""
    client_of_dpo.post(page_of(run, "told"), said(confirmed="1"))
    assert page_of(run, "told") not in text_of(client_of_dpo.get(page_of(run)))
    again = client_of_dpo.post(page_of(run, "told"), said(confirmed="1"), follow=True)
    assert "Nobody of this hand-over is still to be told." in text_of(again)
    assert TellingRun.objects.count() == 1
    assert page_of(TellingRun.objects.get()) in text_of(client_of_dpo.get(page_of(run)))


@pytest.mark.parametrize("confirmed", [{}, {"confirmed": "1"}])
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"days": 1}, "is in the future: nobody has been told yet."),
        ({"days": -1}, "there was nothing to tell yet"),
        ({"how": " "}, "Say how it was done: letter and date, call, message."),
        ({"on": ""}, "This field is required."),
    ],
)
def test_wrong_word_is_refused(fields, sentence, confirmed, run, client_of_dpo):
    """In the form, before anything is written; the confirmation is not offered."""
    page = client_of_dpo.post(page_of(run, "told"), said(**fields) | confirmed)
    assert sentence in text_of(page)
    assert '<div class="errornote" role="alert"' in text_of(page)
    assert 'name="confirmed"' not in text_of(page)
    assert Obligation.objects.open().count() == 3 and not TellingRun.objects.exists()


def test_single_form_asks_the_same(run, client_of_dpo):
    """Day and way, by the same rule; the day that is said is the day that is kept."""
    one = Obligation.objects.earliest("pk")
    address = reverse("admin:registry_obligation_fulfil", args=[one.pk])
    assert "is in the future: nobody has been told yet." in text_of(client_of_dpo.post(address, said(1)))
    assert "there was nothing to tell yet" in text_of(client_of_dpo.post(address, said(-1)))
    assert client_of_dpo.post(address, said()).status_code == 302
    one.refresh_from_db()
    assert (timezone.localdate(one.done_at), one.how) == (today(), "mailing of today")


def test_registrar_may_and_auditor_may_not(run, lapp, browser_client):
    """It needs what the single act needs."""
    auditor = browser_client(make_user("auditor", lapp))
    assert LABEL not in text_of(auditor.get(page_of(run)))
    assert [auditor.get(page_of(run, "told")).status_code, auditor.post(page_of(run, "told"), said()).status_code] == [
        403,
        403,
    ]
    assert Obligation.objects.open().count() == 3
    registrar = browser_client(make_user("registrar", lapp))
    assert LABEL in text_of(registrar.get(page_of(run)))
    registrar.post(page_of(run, "told"), said(confirmed="1"))
    assert not Obligation.objects.open().exists()


def test_another_operator_meets_none_of_it(run, kazger, browser_client, queue, monkeypatch, client_of_dpo):
    """Neither the act nor a run of it exists for a stranger."""
    begun = waiting(client_of_dpo, run, monkeypatch)
    stranger = browser_client(make_user("dpo", kazger))
    assert stranger.post(page_of(run, "told"), said(confirmed="1")).status_code == 404
    assert [stranger.post(page_of(begun, view)).status_code for view in ("continue", "cancel")] == [404, 404]
    assert [stranger.get(page_of(begun, view)).status_code for view in ("change", "progress")] == [404, 404]
    assert Obligation.objects.open().count() == 3


def waiting(client, run, monkeypatch):
    """A run that waits for the worker."""
    monkeypatch.setattr(handover, "MOST_AT_ONCE", 0)
    client.post(page_of(run, "told"), said(confirmed="1"))
    return TellingRun.objects.get()


def test_many_wait_and_are_recorded_at_ones_word(run, client_of_dpo, queue, monkeypatch):
    """Its page says that it waits; the hand-over leads there and does not offer the act meanwhile."""
    begun = waiting(client_of_dpo, run, monkeypatch)
    assert "It waits for the worker." in text_of(client_of_dpo.get(page_of(begun)))
    page = text_of(client_of_dpo.get(page_of(run)))
    assert page_of(begun) in page and page_of(run, "told") not in page
    refused = client_of_dpo.post(page_of(run, "told"), said(confirmed="1"))
    assert "It is being recorded already." in text_of(refused)
    page = client_of_dpo.post(page_of(begun, "continue"), {"here": "1"}, follow=True)
    assert f"3 people are recorded as told on {today().isoformat()}." in text_of(page)
    assert client_of_dpo.get(page_of(begun, "progress")).content == b""


def test_rest_is_given_up_once(run, client_of_dpo, queue, monkeypatch):
    """It is asked first, in numbers. A second time says that it is at its end; the act is offered again."""
    begun = waiting(client_of_dpo, run, monkeypatch)
    assert f'href="{page_of(begun, "cancel")}">Give up the rest</a>' in text_of(client_of_dpo.get(page_of(begun)))
    asked = text_of(client_of_dpo.get(page_of(begun, "cancel")))
    assert '<span class="value">3</span>' in asked and "With whom it is recorded it stays recorded" in asked
    assert TellingRun.objects.get().is_at_work
    assert "The rest was given up." in text_of(client_of_dpo.post(page_of(begun, "cancel"), follow=True))
    for again in ("cancel", "continue"):
        assert "or it is at its end." in text_of(client_of_dpo.post(page_of(begun, again), follow=True))
    assert "or it is at its end." in text_of(client_of_dpo.get(page_of(begun, "cancel"), follow=True))
    assert Obligation.objects.open().count() == 3
    assert page_of(run, "told") in text_of(client_of_dpo.get(page_of(run)))


def test_auditor_looks_on_and_reads_no_free_text(run, lapp, client_of_dpo, browser_client, queue, monkeypatch):
    """How it was done may name a person, as with each obligation; nobody guesses it by a filter either."""
    begun = waiting(client_of_dpo, run, monkeypatch)
    assert "mailing of today" in text_of(client_of_dpo.get(page_of(begun)))
    auditor = browser_client(make_user("auditor", lapp))
    page = text_of(auditor.get(page_of(begun)))
    assert "mailing of today" not in page and "Give up the rest" not in page
    assert [auditor.post(page_of(begun, view)).status_code for view in ("continue", "cancel")] == [403, 403]
    assert auditor.get(page_of(begun, "cancel")).status_code == 403
    listed = reverse("admin:registry_tellingrun_changelist")
    assert auditor.get(listed, {"how__startswith": "m"}).status_code == 400
