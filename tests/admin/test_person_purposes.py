"""What the data serve, on the page of the person."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from registry.admin.person_purposes import purposes_card
from registry.journal import unit_of_work
from registry.models import Agreement, Consent, DataSubject, GroundDecision, LegalBasis
from registry.models.grounding import serve
from registry.operations.withdrawal import withdraw
from tests.disclosing import COMPLETE, make_activity, make_consented
from tests.factories import make_subject, make_user, save, today

pytestmark = pytest.mark.django_db


@pytest.fixture
def activity(lapp):
    lapp.bin = "241040012133"
    save(lapp)
    return make_activity(lapp)


def served(activity, person, purpose=None):
    with unit_of_work(by=None, role="system"):
        return serve(person, purpose or activity.purposes.get().purpose, on=today())


def rest_on_contract(activity, dpo, until):
    """The purpose rests on a contract, which 94-V does not know, by a decision until a day."""
    link = activity.purposes.get()
    code = f"contract-{activity.code}"
    link.basis = save(LegalBasis(operator=activity.operator, code=code, name_en="the contract", kind="contract"))
    save(link)
    taken = {"decided_at": timezone.now(), "decided_by": dpo, "why": "Civil Code", "document": "Order 7"}
    return save(GroundDecision(basis=link.basis, valid_from=today(), valid_until=until, **taken))


def card(client, person):
    """The rows of the card as they are read, and the card as it is written."""
    page = client.get(reverse("admin:registry_datasubject_change", args=[person.pk])).content.decode()
    [section] = re.findall(r'<section class="card" aria-labelledby="purposes-heading">.*?</section>', page, re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", section.partition("<tbody>")[2], re.DOTALL)
    return [" ".join(re.sub("<[^>]+>", " ", row).split()) for row in rows], section


def test_nobody_has_agreed_to_anything_yet(activity, client_of_dpo):
    """The card says so, and what to do."""
    rows, section = card(client_of_dpo, make_subject(activity.operator))
    assert rows == []
    assert "The data serve no purpose, and there is no consent. A consent is entered below" in section


def test_purpose_says_its_ground_and_what_ends_it_first(activity, client_of_dpo):
    """A consent with a last day ends before the activity does; without one, the activity’s last day comes first."""
    activity.ended_on = today(91)
    save(activity)
    dated = make_consented(activity, until_purpose_reached=False, expires_on=today(90))
    open_ended = make_consented(activity)
    for person, ends in ((dated, "the consent ends"), (open_ended, "the purpose is reached")):
        served(activity, person)
        [row], section = card(client_of_dpo, person)
        assert row.startswith("for-sales served since")
        assert "Consent of 1 Jan 2026" in row
        assert row.endswith(ends)
        assert reverse("admin:registry_consent_change", args=[person.consents.get().pk]) in section


def test_agreement_ends_with_the_decision_it_rests_on(activity, dpo, client_of_dpo):
    """Of the two the earlier day is shown; the number of the agreement is not."""
    person = make_subject(activity.operator)
    save(Agreement(subject=person, number="A-7", ended_on=today(90), concluded_on=dt.date(2026, 1, 5)))
    rest_on_contract(activity, dpo, today(89))
    served(activity, person)
    [row], section = card(client_of_dpo, person)
    assert "Agreement of 5 Jan 2026 · the contract" in row
    assert row.endswith("the decision about the ground ends")
    assert "A-7" not in section


def test_purpose_without_a_ground_says_what_to_do(activity, dpo, client_of_dpo, browser_client):
    """Withdrawn: when and why it ended, the sentence; the officer is led to the decision, a registrar is not."""
    person = make_consented(activity)
    served(activity, person)
    link = activity.purposes.get()
    link.basis = save(LegalBasis(operator=activity.operator, code="contract", name_en="the contract", kind="contract"))
    save(link)
    with unit_of_work(by=dpo):
        withdraw(person, consents=person.consents.all(), by=dpo, at=timezone.now(), received_at=timezone.now())
    [row], section = card(client_of_dpo, person)
    assert "ended on" in row and "consent withdrawn" in row
    assert "The consent for “for-sales” was withdrawn. Ask for a new one, or record another ground." in row
    assert "“the contract” is declared by the policy only" in row and "KZ-94-V art. 7" in row
    decide = reverse("admin:registry_legalbasis_decide", args=[link.basis_id])
    assert decide in section
    _rows, of_registrar = card(browser_client(make_user("registrar", activity.operator)), person)
    assert "is declared by the policy only" in of_registrar
    assert decide not in of_registrar


def test_ground_that_nothing_is_served_on_is_told(activity, client_of_dpo):
    """A consent alone starts nothing."""
    [row], _section = card(client_of_dpo, make_consented(activity))
    assert row.startswith("for-sales not served Consent of 1 Jan 2026")


def test_card_costs_the_same_for_many_purposes(activity, dpo, django_assert_num_queries):
    """Served ones, those that rest on a consent or an agreement and are not served, and those without a ground."""
    person = make_consented(activity)
    save(Agreement(subject=person, number="A-7", concluded_on=dt.date(2026, 1, 5)))

    def more(number):
        for kind in ("served", "agreed", "contract", "lost"):
            other = make_activity(activity.operator, f"{kind}-{number}")
            purpose = other.purposes.get().purpose
            expired = {"until_purpose_reached": False, "expires_on": dt.date(2026, 1, 31)}
            ended = expired if kind in ("contract", "lost") else {"until_purpose_reached": True}
            save(Consent(subject=person, purpose=purpose, given_on=dt.date(2026, 1, 1), **COMPLETE | ended))
            if kind == "contract":
                rest_on_contract(other, dpo, today(90))
            if kind == "served":
                served(other, person)

    def card():
        return purposes_card(dpo, DataSubject.objects.select_related("operator").get(pk=person.pk))

    more(0)
    card()
    with CaptureQueriesContext(connection) as few:
        said = {row["name"]: row for row in card()}
    assert said["for-contract-0"]["ground"] == "Agreement of 5 Jan 2026 · the contract"
    assert "since" in said["for-served-0"] and "ground" in said["for-agreed-0"] and said["for-lost-0"]["blockers"]
    more(1)
    more(2)
    with django_assert_num_queries(len(few)):
        card()


def test_links_hold_no_personal_value(activity, client_of_dpo):
    """Neither name nor number: ids only."""
    person = make_consented(activity)
    served(activity, person)
    _rows, section = card(client_of_dpo, person)
    links = re.findall(r'href="([^"]+)"', section)
    assert links and all(re.fullmatch(r"/[a-z/]*/\d+/change/", link) for link in links)
    assert person.surname not in section
