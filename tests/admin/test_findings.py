"""Decisions about grounds in the admin, and what the desk finds although nothing stops for it."""

import datetime as dt
import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from registry.admin import findings
from registry.models import (
    ActivityDatabase,
    ActivityRecipient,
    Database,
    DataCategory,
    GroundDecision,
    JournalEntry,
    LegalBasis,
    Membership,
    Undertaking,
)
from tests.disclosing import make_activity, make_consented, make_disclosure, make_recipient
from tests.factories import make_rule, make_user, save, today
from tests.forms import form_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(lapp):
    """A purpose that rests on a contract, which 94-V does not know."""
    link = make_activity(lapp).purposes.get()
    link.basis = save(LegalBasis(operator=lapp, code="contract", name_en="the contract", kind="contract"))
    return save(link)


def decide(client, basis, **changes):
    url = reverse("admin:registry_legalbasis_decide", args=[basis.pk])
    until = today(90).isoformat()
    fields = {"valid_from": today().isoformat(), "valid_until": until, "document": "Order 7", "_reason": "Civil Code"}
    return client.post(url, fields | changes)


def ways_to_decide(client, record):
    """The blockers of a page that lead to the act, by their sentence."""
    page = client.get(reverse(f"admin:registry_{record._meta.model_name}_change", args=[record.pk]))
    wanted = reverse("admin:registry_legalbasis_decide", args=[LegalBasis.objects.get(code="contract").pk])
    acts = [act["url"] for act in page.context.get("acts", [])]
    return [each["message"] for each in page.context["blockers"] if each.get("url") == wanted or wanted in acts]


def test_pages_lead_to_the_decision_until_one_stands(link, client_of_dpo):
    """Activity, purpose and basis say that no law knows it and where to decide; decided, none of them does."""
    for record, sentence in (
        (link.activity, "which no law of the operator knows as a ground"),
        (link.purpose, "is declared by the policy only"),
        (link.basis, "No law of the operator knows it as a ground, and no decision stands."),
    ):
        [message] = ways_to_decide(client_of_dpo, record)
        assert sentence in message
    assert decide(client_of_dpo, link.basis).status_code == 302
    for record in (link.activity, link.purpose, link.basis):
        assert ways_to_decide(client_of_dpo, record) == []


def test_decision_without_reasons_or_term_is_refused(link, client_of_dpo):
    """Both are asked for, and a term that ends before it begins is none."""
    refused = decide(client_of_dpo, link.basis, _reason="", valid_until="")
    assert set(refused.context["form"].errors) == {"_reason", "valid_until"}
    refused = decide(client_of_dpo, link.basis, valid_until="2020-01-01")
    assert "A decision cannot end before it begins." in refused.content.decode()
    assert not GroundDecision.objects.exists()


@pytest.mark.parametrize("role", ["registrar", "auditor"])
def test_only_the_officer_decides(role, link, lapp, browser_client):
    """A registrar works by decisions and takes none."""
    assert decide(browser_client(make_user(role, lapp)), link.basis).status_code == 403


def test_revoking_brings_the_blocker_back(link, client_of_dpo):
    """The page of the decision revokes it, with reasons."""
    decide(client_of_dpo, link.basis)
    url = reverse("admin:registry_grounddecision_revoke", args=[GroundDecision.objects.get().pk])
    assert client_of_dpo.post(url, {"_reason": ""}).status_code == 200
    assert client_of_dpo.post(url, {"_reason": "collected consents"}).status_code == 302
    assert len(ways_to_decide(client_of_dpo, link.activity)) == 1


def found(client):
    card = client.get(reverse("admin:index")).context["desk"]["findings"]
    return [row["code"] for row in (*card["rows"], *card["more"])]


def findings_section(client):
    page = client.get(reverse("admin:index")).content.decode()
    return page.partition('aria-labelledby="desk-findings"')[2].partition("</section>")[0]


def test_reader_without_an_undertaking_is_found(lapp, dpo, client_of_dpo):
    """Whoever reads personal data promises confidentiality; an auditor reads none."""
    make_user("auditor", lapp)
    assert found(client_of_dpo) == ["staff-undertaking"]
    save(Undertaking(operator=lapp, user=dpo, document="Order 5", starts_on=today()))
    assert found(client_of_dpo) == []


def test_findings_after_the_first_are_unfolded(lapp, dpo, client_of_dpo, monkeypatch):
    """Nine registrars without a promise: all nine are on the desk, two of them folded; what is not drawn is counted."""
    save(Undertaking(operator=lapp, user=dpo, document="Order 5", starts_on=today()))
    names = [f"Registrar {number}" for number in range(9)]
    for name in names:
        make_user("registrar", lapp, username=name.replace(" ", "-"), full_name=name)
    first, folded = findings_section(client_of_dpo).split('<details class="more"><summary>2 more</summary>')
    assert (re.findall(r"Registrar \d", first), re.findall(r"Registrar \d", folded)) == (names[:7], names[7:])
    assert "not shown" not in folded
    monkeypatch.setattr(findings, "LISTED", 8)
    _first, folded = findings_section(client_of_dpo).split("<summary>2 more</summary>")
    assert re.findall(r"Registrar \d", folded) == names[7:8]
    assert "1 is not shown. It comes up once others are mended." in folded


def test_recipient_in_use_is_found(lapp, dpo, client_of_dpo):
    """An external service without a promise, an agreement or a policy of its own, once an activity names it."""
    save(Undertaking(operator=lapp, user=dpo, document="Order 5", starts_on=today()))
    service = make_recipient(lapp, "payments", kind="service_provider")
    assert found(client_of_dpo) == []
    save(ActivityRecipient(activity=make_activity(lapp), recipient=service))
    promise = service.undertakings.get()
    promise.ends_on = promise.starts_on
    save(promise)
    assert found(client_of_dpo) == ["no-agreement", "recipient-undertaking", "external-policy"]
    service.agreement_number, service.policy_url = "17", "https://payments.example/policy"
    save(service)
    assert found(client_of_dpo) == ["recipient-undertaking"]


def test_page_of_the_activity_names_what_its_service_lacks(lapp, client_of_dpo):
    """The finding stands beside what is missing, under a title of its own, and leads to the service; mended, it is gone."""
    service = make_recipient(lapp, "payments", kind="service_provider", agreement_number="17")
    other = make_recipient(lapp, "analytics", kind="service_provider", agreement_number="18")
    activity = make_activity(lapp)
    save(ActivityRecipient(activity=activity, recipient=service))
    address = reverse("admin:registry_processingactivity_change", args=[activity.pk])
    page = client_of_dpo.get(address)
    [finding] = page.context["findings"]
    assert (
        finding["code"] == "external-policy"
        and service.name in finding["message"]
        and other.name not in finding["message"]
    )
    assert finding["url"] == reverse("admin:registry_recipient_change", args=[service.pk])
    assert "external-policy" not in [each["code"] for each in page.context["blockers"]]
    assert "Findings about its recipients" in page.content.decode()
    service.policy_url = "https://payments.example/policy"
    save(service)
    assert "Findings about its recipients" not in client_of_dpo.get(address).content.decode()


def test_desk_costs_the_same_for_many_recipients_and_databases(lapp, client_of_dpo, django_assert_num_queries):
    """More of them in use, the same number of queries."""
    activity = make_activity(lapp)

    def one_more(number):
        recipient = make_recipient(lapp, f"courier-{number}", kind="service_provider")
        save(ActivityRecipient(activity=activity, recipient=recipient))
        database = save(Database(operator=lapp, code=f"base-{number}", name_en="Base", country="DE"))
        save(ActivityDatabase(activity=activity, database=database))

    one_more(0)
    client_of_dpo.get(reverse("admin:index"))
    with CaptureQueriesContext(connection) as few:
        assert {"no-agreement", "external-policy", "no-local-copy"} <= set(found(client_of_dpo))
    for number in range(1, 5):
        one_more(number)
    with django_assert_num_queries(len(few)):
        client_of_dpo.get(reverse("admin:index"))


def decided(link, dpo, until):
    taken = {"decided_at": timezone.now(), "decided_by": dpo, "why": "Civil Code", "document": "Order 7"}
    save(GroundDecision(basis=link.basis, valid_from=dt.date(2025, 1, 1), valid_until=until, **taken))


@pytest.mark.parametrize(("role", "decides"), [("dpo", True), ("registrar", False), ("auditor", False)])
def test_findings_and_blockers_lead_where_their_reader_may_go(role, decides, link, lapp, dpo, browser_client):
    """Each address on the desk and beside what is missing is answered, and the journal knows of nobody who was refused."""
    decided(link, dpo, until=today(-1))
    database = save(Database(operator=lapp, code="base", name_en="Base", country="DE"))
    save(ActivityDatabase(activity=link.activity, database=database))
    recipient = make_recipient(lapp, "payments", kind="service_provider")
    save(ActivityRecipient(activity=link.activity, recipient=recipient))
    save(DataCategory(operator=lapp, code="unused", name_en="unused", availability="restricted"))
    client = browser_client(make_user(role, lapp))
    assert {"decision-over", "staff-undertaking", "no-agreement", "no-local-copy", "excess"} <= set(found(client))
    parts = [findings_section(client)]
    for record in (link.activity, link.purpose):
        page = client.get(
            reverse(f"admin:registry_{record._meta.model_name}_change", args=[record.pk])
        ).content.decode()
        parts += re.findall(r'<section class="card blockers".*?</section>', page, re.DOTALL)
        assert "which no law of the operator knows as a ground" in page or "is declared by the policy only" in page
    ways = {unescape(way) for part in parts for way in re.findall(r'href="([^#"]+)"', part)}
    assert len(ways) > 4
    assert {way: client.get(way).status_code for way in ways} == dict.fromkeys(ways, 200)
    assert (reverse("admin:registry_legalbasis_decide", args=[link.basis.pk]) in ways) == decides
    assert not JournalEntry.objects.filter(action="refused").exists()


@pytest.mark.parametrize(("days", "codes"), [(-1, ["decision-over"]), (30, ["decision-ends"]), (31, [])])
def test_decision_that_runs_out_is_found(days, codes, link, lapp, dpo, client_of_dpo):
    """A month ahead, and after its last day, as long as an activity rests on it; nothing is suspended for it."""
    save(Undertaking(operator=lapp, user=dpo, document="Order 5", starts_on=today()))
    decided(link, dpo, until=today(days))
    assert found(client_of_dpo) == codes


def test_notice_that_is_late_is_found(lapp, dpo, client_of_dpo):
    """First of all findings."""
    lapp.bin = "241040012133"
    save(lapp)
    make_rule("KZ-TRANSFER-NOTICE", trigger="third_party_transfer", amount=10)
    activity, on = make_activity(lapp), dt.date(2026, 3, 2)
    make_disclosure(make_consented(activity), activity, make_recipient(lapp), on=on, notice_is_condition=True)
    assert found(client_of_dpo) == ["notice-overdue", "staff-undertaking"]


def test_membership_without_an_undertaking_warns(lapp, browser_client):
    """The administrator is told, and the membership is saved: nobody is locked out for a missing paper."""
    user = make_user("dpo")
    client = browser_client(make_user("administrator"))
    url = reverse("admin:registry_membership_add")
    fields = form_fields(client.get(url).context, user=user.pk, operator=lapp.pk, role="registrar")
    response = client.post(url, fields, follow=True)
    assert "reads personal data and has not promised confidentiality" in response.content.decode()
    assert Membership.objects.filter(user=user, role="registrar").exists()


def test_operation_that_is_used_and_not_listed_is_found(lapp, dpo, client_of_dpo):
    """What was given away shows that the list of operations lacks something; any of the words for passing on is enough."""
    save(Undertaking(operator=lapp, user=dpo, document="Order 5", starts_on=today()))
    lapp.bin = "241040012133"
    save(lapp)
    activity = make_activity(lapp, operations="collection storage")
    assert found(client_of_dpo) == []
    make_disclosure(make_consented(activity), activity, make_recipient(lapp), on=today())
    assert found(client_of_dpo) == ["operation-not-listed"]
    activity.operations = "collection storage provision"
    save(activity)
    assert found(client_of_dpo) == []


def test_data_that_no_purpose_needs_is_found(lapp, dpo, client_of_dpo):
    """A category of no activity, or of ended ones only, is excess."""
    save(Undertaking(operator=lapp, user=dpo, document="Order 5", starts_on=today()))
    activity = make_activity(lapp)
    assert found(client_of_dpo) == []
    activity.status, activity.ended_on = "ended", today()
    save(activity)
    assert found(client_of_dpo) == ["excess"]
    [row] = client_of_dpo.get(reverse("admin:index")).context["desk"]["findings"]["rows"]
    assert row["message"] == (
        "“phone” is needed for no purpose: it is excess. Name the purpose and why it is needed, or delete it."
    )
