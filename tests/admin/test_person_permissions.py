"""The page that answers whether somebody may be written to or called, and because of whom not."""

import datetime as dt
import html
import re

import pytest
from django.urls import reverse

from registry.models import Consent, JournalEntry, Suppression
from tests.exports.test_permissions_shared import blocked
from tests.factories import make_purpose, make_subject, make_user, save
from tests.models.test_ground import COMPLETE

pytestmark = pytest.mark.django_db

SINCE = dt.date(2026, 3, 2)


@pytest.fixture
def asem(lapp):
    """With a consent that names all it must, the operator's number among it."""
    lapp.bin = "241040012133"
    save(lapp)
    subject = make_subject(lapp, crm_id="C1", iin="061211600012", email="asem@example.kz", phone="+77010000001")
    purpose = make_purpose(lapp, "news")
    save(Consent(subject=subject, purpose=purpose, given_on=dt.date(2026, 1, 1), **COMPLETE))
    return subject


@pytest.fixture
def other(lapp):
    """Somebody at the same mailbox."""
    return make_subject(
        lapp, crm_id="C2", surname="Омарова", given_name="Дана", email="asem@example.kz", phone="", iin=""
    )


def page_of(client, person):
    return client.get(reverse("admin:registry_datasubject_permissions", args=[person.pk]))


def text_of(page):
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page.content.decode())).split())


def answers(page):
    """What is asked → allowed or not, and why in words."""
    return {
        row["what"]: (row["may"], [f"{why['said']} {why.get('label', '')}".strip() for why in row["why"]])
        for row in page.context["answers"]
    }


def test_each_channel_has_its_own_reason(asem, other, client_of_dpo):
    """The person's own opt-out, that of somebody else at the address, and the ground of what is allowed."""
    save(Suppression(subject=asem, channel="call", since_on=SINCE))
    save(Suppression(subject=other, channel="email", since_on=SINCE))
    page = page_of(client_of_dpo, asem)
    assert answers(page) == {
        "E-mail": (False, ["Somebody else opted out: Омарова Дана"]),
        "Calls": (False, ["The person opted out."]),
        "SMS and messengers": (True, ["A consent is the ground."]),
        "Transfer to third parties": (False, ["No live consent lets the data go to third parties."]),
    }
    text = text_of(page)
    assert "the same e-mail" in text
    assert "opted_out A ground is live; the person opted out of a channel." in text
    url = reverse("admin:registry_datasubject_change", args=[other.pk])
    assert f'href="{url}"' in page.content.decode()


def test_person_leads_to_it(asem, client_of_dpo):
    """A question asked on the telephone is answered by a link on the person's page."""
    page = client_of_dpo.get(reverse("admin:registry_datasubject_change", args=[asem.pk])).content.decode()
    assert reverse("admin:registry_datasubject_permissions", args=[asem.pk]) in page


def test_nothing_is_allowed_without_a_ground(other, client_of_dpo):
    """One reason for all, and what the file would tell the CRM to do."""
    page = page_of(client_of_dpo, other)
    none = (False, ["There never was a live ground: a consent lacks an item, or there is none."])
    assert set(map(str, answers(page).values())) == {str(none)}
    assert page.context["allowed"].to_be_removed


def test_nothing_is_allowed_while_somebody_with_the_iin_is_blocked(asem, lapp, client_of_dpo):
    """It is the same person; a blocked one is not called by name in passing."""
    twin = make_subject(lapp, crm_id="C3", surname="Тайная", iin=asem.iin, email="", phone="")
    blocked(twin)
    page = page_of(client_of_dpo, asem)
    said = ["Somebody with the same IIN is blocked: it is the same person.", f"The blocked record: {twin}"]
    assert answers(page)["E-mail"] == (False, said)
    assert "Тайная" not in text_of(page)


def test_journal_says_who_was_read(asem, other, client_of_dpo):
    """The person, and whoever's name stands on the page because of an opt-out."""
    save(Suppression(subject=other, channel="email", since_on=SINCE))
    before = JournalEntry.objects.latest("seq").seq
    page_of(client_of_dpo, asem)
    entries = JournalEntry.objects.filter(seq__gt=before).order_by("seq")
    told = [(each.action, set(each.subjects.values_list("uid", flat=True))) for each in entries]
    assert told == [("view", {asem.uid}), ("list", {other.uid})]


def test_blocked_person_is_read_for_a_reason(asem, client_of_dpo):
    """As on their own page."""
    blocked(asem)
    page = page_of(client_of_dpo, asem)
    assert "answers" not in page.context
    assert "Why do you read it?" in text_of(page)


def test_of_many_at_one_address_the_earliest_are_named(asem, lapp, client_of_dpo):
    """An address that half the CRM has fills no page; whoever is not named is not in the journal."""
    for day in range(1, 8):
        each = make_subject(
            lapp, crm_id=f"D{day}", surname=f"Ким{day}", given_name="", email=asem.email, phone="", iin=""
        )
        save(Suppression(subject=each, channel="email", since_on=dt.date(2026, 3, day)))
    why = answers(page_of(client_of_dpo, asem))["E-mail"][1]
    assert why == [*(f"Somebody else opted out: Ким{day}" for day in range(1, 6)), "And 2 more."]
    assert JournalEntry.objects.filter(action="list").latest("seq").subjects.count() == 5


def test_auditor_sees_no_name(asem, other, lapp, browser_client):
    """They check that opt-outs are kept, and of whom by number."""
    save(Suppression(subject=other, channel="email", since_on=SINCE))
    page = page_of(browser_client(make_user("auditor", lapp)), asem)
    assert answers(page)["E-mail"] == (False, [f"Somebody else opted out: {other}"])
    assert "Омарова" not in text_of(page)


def test_nobody_else_reaches_it(asem, lapp, kazger, browser_client):
    """Whoever sees no people, and whose operator it is not."""
    reached = [
        page_of(browser_client(make_user(*of)), asem).status_code for of in [("administrator", lapp), ("dpo", kazger)]
    ]
    assert reached == [404, 404]
