"""Lapp, from a letter to the CRM's next file: a withdrawal reaches everybody, keeps what an agreement carries, and is carried out once."""

import csv
import datetime as dt
import io
import os
import time

import pytest
from django.core.management import call_command
from django.utils import timezone

from registry.imports.laws import load_laws
from registry.imports.registers import load_register
from registry.journal import unit_of_work
from registry.models import (
    ActivityPurpose,
    DataSubject,
    GroundDecision,
    JournalEntry,
    LegalBasis,
    Obligation,
    ProcessingActivity,
    Purpose,
    SubjectRequest,
)
from registry.models.grounding import serve
from tests.admin.case_pages import act, address, again, refusal_of, text_of
from tests.factories import make_user, save
from tests.imports.crm import CRM, consent, person
from tests.imports.mailbox import mail
from tests.operations.test_withdrawal import disclosed

pytestmark = pytest.mark.django_db
RECEIVED_ON = dt.date(2026, 4, 1)
DUE = dt.date(2026, 4, 22)  # 94-V art. 8(7): 15 working days after Wednesday, 1 April
ASEM = {"crm_id": "C0000001", "email": "asem@example.kz"}
YES = {"third_parties": "да", "agreement_number": "DK-17", "agreement_on": "05.01.2026"}


@pytest.fixture
def lapp(settings, tmp_path):
    """The register as the product loads it, and its mailbox."""
    settings.PRIVATE_DIR = tmp_path / "private"
    settings.PRIVATE_DIR.mkdir()
    load_laws()
    operator = load_register(settings.BASE_DIR / "registry/registers/lapp.toml").operator
    operator.bin = "241040012133"  # the policy does not say it; without it no consent is complete
    return save(operator)


@pytest.fixture
def dpo(lapp):
    return make_user("dpo", lapp, username="natalia")


@pytest.fixture
def asem(lapp, dpo):
    """A person whom the CRM knows, with a consent and an agreement that the operator decided to rely on for her orders.

    Her data went to two recipients.
    """
    CRM(lapp).load([person(1) | ASEM | consent(consent_given_on="10.01.2026") | YES])
    subject = DataSubject.objects.get(crm_id=ASEM["crm_id"])
    mails = Purpose.objects.get(operator=lapp, code="email-information")
    orders = save(Purpose(operator=lapp, code="orders", name_en="Carrying out the agreement"))
    basis = LegalBasis.objects.get(operator=lapp, code="agreement")
    activity = save(ProcessingActivity(operator=lapp, code="orders", name_en="Orders"))
    save(ActivityPurpose(activity=activity, purpose=orders, basis=basis))
    until = timezone.localdate() + dt.timedelta(days=90)
    save(
        GroundDecision(basis=basis, why="until consents are collected", document="order 5", valid_from=dt.date(2026, 1, 1),
                       valid_until=until, decided_at=timezone.now(), decided_by=dpo)
    )  # fmt: skip
    with unit_of_work(by=dpo, role="dpo", operator=lapp):
        for purpose in (mails, orders):
            serve(subject, purpose, on=timezone.localdate())
    for code in ("courier", "call-centre"):
        disclosed(mails, code, subject=subject)
    return subject


def written(tmp_path, *, number):
    """Her letter in the mailbox’s folder, and what the command says of it."""
    folder = tmp_path / "mail"
    folder.mkdir(exist_ok=True)
    path = folder / f"{number}.eml"
    subject = "Withdrawal of consent to the processing of personal data"
    body = "Good afternoon. I withdraw my consent. Asem Kasymova"
    path.write_bytes(mail(subject, body, sender=ASEM["email"], to="Natalia.Chilikina@lapp.com", number=number))
    os.utime(path, (time.time() - 60,) * 2)
    call_command("fetch_requests", operator="lapp", folder=str(folder))


def permissions(tmp_path):
    """The row of the next file for the CRM, or nothing where nothing changed for her."""
    call_command("export_permissions", operator="lapp", output=str(tmp_path / "permissions.csv"))
    rows = csv.DictReader(io.StringIO((tmp_path / "permissions.csv").read_text(encoding="utf-8-sig"), newline=""))
    return next((row for row in rows if row["crm_id"] == ASEM["crm_id"]), None)


def withdraw(client, case):
    consents = sorted(each.pk for each in case.subject.consents.in_force(timezone.localdate()))
    return act(client, case, "withdraw", consents=consents, shown="-".join(map(str, consents)))


def test_withdrawal_by_mail_reaches_everybody(lapp, dpo, asem, tmp_path, browser_client):
    """One case, two dated obligations, what the agreement carries kept and why, no permission left; the CRM’s next yes loses."""
    assert permissions(tmp_path)["may_mail"] == "yes"

    # A letter makes one case, with its person and its date.
    written(tmp_path, number=1)
    case = SubjectRequest.objects.get()
    assert (case.kind, case.subject, case.due_on) == ("withdrawal", asem, DUE)

    # The officer reads what will happen, and does it.
    client = browser_client(dpo)
    assert act(client, case, "identify", method="mailbox", note="answered our mail").status_code == 302
    shown = client.get(address(case, "act", "withdraw")).context["form"].foreseen
    [kept] = shown["stays"]
    assert (kept.purpose.code, kept.rests_on.partition(",")[0]) == (
        "orders",
        "agreement of 2026-01-05 (Agreement with the subject or at their initiative)",
    )
    assert withdraw(client, case).status_code == 302

    # Both recipients are to be told by the law's own date, with its norm; her page of the case says so, and what stays.
    assert list(Obligation.objects.values_list("request", "recipient__code", "what", "due_on", "norm__code")) == [
        (case.pk, code, "stop", DUE, "KZ-94-V/8(7)") for code in ("call-centre", "courier")
    ]
    text = text_of(client, address(case))
    assert "Stays: Carrying out the agreement (agreement of 2026-01-05" in text
    assert [each.purpose.code for each in asem.purposes.live(timezone.localdate())] == ["orders"]

    # Nothing may be sent to her, whatever the agreement carries.
    row = permissions(tmp_path)
    assert [row[name] for name in ("may_mail", "may_call", "may_message", "may_transfer")] == ["no"] * 4

    # The CRM says yes again, of the same day as before and of the day of the withdrawal: both lose.
    for day in ("10.01.2026", RECEIVED_ON.strftime("%d.%m.%Y")):
        CRM(lapp).load([person(1) | ASEM | consent(consent_given_on=day) | YES])
    assert not asem.consents.in_force(timezone.localdate()).exists()
    next_row = permissions(tmp_path)
    assert next_row is None, "nothing was written of her: the CRM keeps the four times no"

    # The case is closed when both were told and she was answered, not before.
    assert "Still to be told: Call-Centre, Courier. Tell them, and record how." in refusal_of(
        act(client, case, "close")
    )
    for owed in Obligation.objects.all():
        told = {"on": "2026-04-02", "how": "letter 5 of 2 April"}
        client.post(f"/admin/registry/obligation/{owed.pk}/fulfil/", told)
    assert not again(case).facts().owed


def test_same_letter_and_same_act_again_add_nothing(lapp, dpo, asem, tmp_path, browser_client):
    """The same mail is filed once; a second withdrawal, in a second case, writes no obligation and no consent anew."""
    client = browser_client(dpo)
    written(tmp_path, number=1)
    written(tmp_path, number=1)
    case = SubjectRequest.objects.get()
    act(client, case, "identify", method="mailbox", note="answered our mail")
    withdraw(client, case)
    written_of_her = JournalEntry.objects.filter(
        object_type__in=("consent", "obligation", "suppression", "subjectpurpose")
    )
    before = written_of_her.filter(history_id__isnull=False).count()
    written(tmp_path, number=2)
    second = SubjectRequest.objects.latest("pk")
    act(client, second, "identify", method="mailbox", note="answered our mail")
    response = client.get(address(second, "act", "withdraw"))
    assert refusal_of(response) == [
        "The person has no consent that was given before and still stands. Record what was done instead."
    ]
    assert (Obligation.objects.count(), written_of_her.filter(history_id__isnull=False).count()) == (2, before)
