"""A withdrawal through its pages: what will happen is read first; who is to be told stands in a list until they are."""

import datetime as dt
import html

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.models import Consent, Disclosure, Obligation
from tests.factories import make_norm, make_purpose, make_request, make_rule, make_subject, make_user, save
from tests.operations.test_withdrawal import DUE, RECEIVED, consented, disclosed, link_to_activity

from .case_pages import act, address, again, identified, refusal_of, text_of

pytestmark = pytest.mark.django_db
CHANGED_CHOICE = "What happens with this choice stands below. Look at it, then confirm."


@pytest.fixture
def office(lapp):
    make_rule("KZ-WITHDRAW", trigger="withdrawal", amount=15)
    make_norm("KZ-94-V/8(2)", topics="withdrawal")
    lapp.bin = "241040012133"
    return save(lapp)


@pytest.fixture
def person(office):
    """Two consents; the data went to a post office for the one, and to a bank for the other."""
    subject = make_subject(office)
    for code, receiver in (("news", "post"), ("calls", "bank")):
        purpose = make_purpose(office, code)
        link_to_activity(purpose)
        consented(subject, purpose)
        disclosed(purpose, receiver, subject=subject)
    return subject


@pytest.fixture
def case(office, person, dpo):
    return identified(make_request(office, kind="withdrawal", received_at=RECEIVED), person, dpo)


def token(consents):
    return "-".join(str(each.pk) for each in consents)


def told(client, obligation, **fields):
    fields = {"on": timezone.localdate().isoformat()} | fields
    return client.post(reverse("admin:registry_obligation_fulfil", args=[obligation.pk]), fields)


def test_page_says_what_will_happen(case, client_of_dpo):
    """All consents are ticked; what stops, who is to be told, until when and by which norm, and what may be refused."""
    page = client_of_dpo.get(address(case, "act", "withdraw"))
    shown = page.context["form"].foreseen
    assert [each["purpose"].code for each in shown["stops"]] == ["calls", "news"]
    assert [each.code for each in shown["recipients"]] == ["bank", "post"]
    text = html.unescape(page.content.decode())
    assert (shown["due_on"], shown["norm"]) == (DUE, "KZ-94-V art. KZ-WITHDRAW (unverified)")
    assert "is refused with reasons instead: KZ-94-V art. 8(2) (unverified)." in text
    assert not Obligation.objects.exists()


def test_other_choice_is_shown_before_it_is_done(case, person, client_of_dpo):
    """Whoever unticks a consent sees first what that means; then it is done, and the other consent stays."""
    everything, meant = list(person.consents.order_by("pk")), person.consents.get(purpose__code="news")
    response = act(client_of_dpo, case, "withdraw", consents=[meant.pk], shown=token(everything))
    assert CHANGED_CHOICE in refusal_of(response)
    assert [each.code for each in response.context["form"].foreseen["recipients"]] == ["post"]
    assert not Obligation.objects.exists()
    assert act(client_of_dpo, case, "withdraw", consents=[meant.pk], shown=token([meant])).status_code == 302
    assert list(Obligation.objects.values_list("recipient__code", "due_on")) == [("post", DUE)]
    assert Consent.objects.get(purpose__code="calls").withdrawn_at is None


def test_case_keeps_what_was_done(case, person, client_of_dpo):
    """What stopped, what stays and on which ground, and who is to be told, stands among its steps."""
    meant = person.consents.get(purpose__code="news")
    act(client_of_dpo, case, "withdraw", consents=[meant.pk], shown=token([meant]))
    assert case.casesteps.get(act="withdrawn").note == (
        "Stopped: news. Stays: calls (consent of 2026-01-10). To be told by 2026-04-22: Post."
    )


def test_recipients_are_the_next_stage_of_the_case(case, person, client_of_dpo):
    """The page leads from one to the next, and goes on when all are told."""
    consents = list(person.consents.order_by("pk"))
    act(client_of_dpo, case, "withdraw", consents=[each.pk for each in consents], shown=token(consents))
    for name in ("Tell Bank", "Tell Post"):
        page = client_of_dpo.get(address(case))
        assert page.context["main"]["label"] == name
        assert "Record it" in page.content.decode()
        client_of_dpo.post(page.context["main"]["url"], {"on": "2026-04-02", "how": "letter 5 of 2 April"})
    assert [stage.done for stage in client_of_dpo.get(address(case)).context["stages"] if stage.act == "tell"] == [True]
    assert "letter 5 of 2 April" in text_of(client_of_dpo, address(case))
    assert not again(case).facts().owed


def test_telling_says_how_and_once(case, person, client_of_dpo, dpo):
    """Without a word how nothing is recorded; a second time adds nothing."""
    meant = person.consents.get(purpose__code="news")
    act(client_of_dpo, case, "withdraw", consents=[meant.pk], shown=token([meant]))
    owed = Obligation.objects.get()
    assert "Say how it was done: letter and date, call, message." in told(client_of_dpo, owed, how=" ").content.decode()
    for _time in range(2):
        assert told(client_of_dpo, owed, how="letter 5").status_code == 302
    owed.refresh_from_db()
    assert (owed.done_by, owed.how, owed.history.count()) == (dpo, "letter 5", 2)


def test_withdrawal_at_the_desk(office, person, client_of_dpo):
    """On the person’s page: the day it was said counts, the reason is kept, and the officer reads who is to be told by when."""
    page = reverse("admin:registry_datasubject_withdraw", args=[person.pk])
    consents = list(person.consents.order_by("pk"))
    form = {"consents": [each.pk for each in consents], "shown": token(consents), "_reason": "said so at the desk"}
    response = client_of_dpo.post(page, form | {"received_on": "2026-04-01"}, follow=True)
    assert "Stopped: calls; news. To be told by 2026-04-22: Bank, Post." in html.unescape(response.content.decode())
    assert {timezone.localdate(each.withdrawn_at) for each in person.consents.all()} == {dt.date(2026, 4, 1)}
    assert consents[0].history.first().history_change_reason == "said so at the desk"
    assert (
        page not in client_of_dpo.get(reverse("admin:registry_datasubject_change", args=[person.pk])).content.decode()
    )


def test_consent_on_its_own_page_reaches_recipients_too(person, client_of_dpo):
    """There is one withdrawal, wherever it is recorded."""
    consent = person.consents.get(purpose__code="news")
    page = reverse("admin:registry_consent_withdraw", args=[consent.pk])
    assert "Post" in client_of_dpo.get(page).content.decode()
    client_of_dpo.post(page, {"received_on": "2026-04-01", "_reason": "letter"})
    assert [each.recipient.code for each in Obligation.objects.all()] == ["post"]


def test_second_withdrawal_of_one_consent_says_that_nothing_was_recorded(person, client_of_dpo):
    """The page was open in two tabs: the first day stands, and the officer is not told that the second was taken."""
    consent = person.consents.get(purpose__code="news")
    page = reverse("admin:registry_consent_withdraw", args=[consent.pk])
    for day in ("2026-04-01", "2026-04-02"):
        response = client_of_dpo.post(page, {"received_on": day, "_reason": "letter"}, follow=True)
    text = html.unescape(response.content.decode())
    assert "Nothing was recorded: the consent was withdrawn before, on 1 Apr 2026." in text
    assert "The withdrawal is recorded." not in text
    consent.refresh_from_db()
    assert (timezone.localdate(consent.withdrawn_at), consent.history.count()) == (dt.date(2026, 4, 1), 2)
    assert client_of_dpo.get(page).status_code == 302


def test_nothing_is_left_to_withdraw_on_a_page_that_was_open_too_long(person, client_of_dpo):
    """All of a person's consents are withdrawn by now: neither the page nor its form pretends that one is left."""
    page, consents = (
        reverse("admin:registry_datasubject_withdraw", args=[person.pk]),
        list(person.consents.order_by("pk")),
    )
    form = {"consents": [each.pk for each in consents], "shown": token(consents), "_reason": "letter"}
    client_of_dpo.post(page, form | {"received_on": "2026-04-01"})
    response = client_of_dpo.post(page, form | {"received_on": "2026-04-02"}, follow=True)
    assert "Nothing was recorded: no consent stands that could be withdrawn." in response.content.decode()


def test_list_shows_what_is_still_to_be_told_first(case, person, client_of_dpo):
    """By day, the done below; and the desk counts the open ones."""
    consents = list(person.consents.order_by("pk"))
    act(client_of_dpo, case, "withdraw", consents=[each.pk for each in consents], shown=token(consents))
    first, second = Obligation.objects.order_by("pk")
    told(client_of_dpo, first, how="letter 5")
    listed = client_of_dpo.get(reverse("admin:registry_obligation_changelist")).context["cl"].result_list
    assert [each.pk for each in listed] == [second.pk, first.pk]
    assert client_of_dpo.get(reverse("admin:index")).context["desk"]["due"]["to_tell"] == 1


def test_auditor_reads_obligations_and_fulfils_none(office, person, browser_client):
    """Acts on people are for those who may change them."""
    owed = save(
        Obligation(operator=office, subject=person, recipient=Disclosure.objects.first().recipient, what="stop")
    )
    client = browser_client(make_user("auditor", office))
    assert client.get(reverse("admin:registry_obligation_changelist")).status_code == 200
    assert told(client, owed, how="x").status_code == 403
