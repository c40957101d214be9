"""A day at the desk, from the CRM's file to the closed case: nothing of anybody gets out of the pages and the database."""

import datetime as dt
import os
from email.message import EmailMessage

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from registry.models import (
    Agreement,
    AuthorityRequest,
    CaseAttachment,
    CaseLetter,
    CaseStep,
    Consent,
    DataSubject,
    ImportRun,
    JournalEntry,
    Message,
    Representative,
    ResponsiblePerson,
    SubjectRequest,
    Suppression,
)
from registry.models.base import PERSONAL
from tests.admin.import_pages import confirm, upload
from tests.factories import PASSWORD, make_norm, make_purpose, make_rule, save
from tests.forms import form_fields

from .watched import WatchedClient, watching

pytestmark = pytest.mark.django_db

# Every value of the day holds one of these, and nothing else does.
MARKS = ("zqxjv", "зқх", "870314412007", "9017654321", "1987-03-14", "14.03.1987")
PERSON = {
    "crm_id": "ZQXJV-77",
    "surname": "Зқхфамилия",
    "given_name": "Zqxjvgiven",
    "patronymic": "Зқхотчество",
    "iin": "870314412007",
    "email": "zqxjvmail@zqxjv.kz",
    "phone": "+79017654321",
    "birth_date": "1987-03-14",
    "source": "zqxjvsource",
}
APPLICANT = {
    "applicant_name": "Зқхфамилия Zqxjvgiven",
    "applicant_contact": "zqxjvmail@zqxjv.kz",
    "demand": "What do you hold of me? ИИН 870314412007, zqxjvdemand.",
}
WITH_PERSONAL_FIELDS = (
    DataSubject, Representative, Consent, Agreement, Suppression, SubjectRequest, AuthorityRequest, CaseLetter, CaseStep,
    CaseAttachment, Message,
)  # fmt: skip
RECEIVED = {"received_at_0": "2026-04-01", "received_at_1": "10:00"}
# The source of an opt-out is here the number of the case; a Message-ID goes back to the mailbox it came from, and to nobody else.
NOT_FILLED = {"suppression.source", "caseletter.in_reply_to"}


@pytest.fixture
def watch(monkeypatch):
    with watching(monkeypatch) as watch:
        yield watch


@pytest.fixture
def office(lapp, dpo):
    """Lapp with rules, a norm to refuse by, a purpose, and its responsible person."""
    make_rule("KZ-INFO")
    make_rule("KZ-WITHDRAW", trigger="withdrawal", amount=15)
    make_norm("KZ-94-V/8(2)", topics="subject_rights")
    make_purpose(lapp, "email-information")
    given = {"name": "Natalia", "email": "natalia@lapp.kz", "user": dpo, "appointed_on": dt.date(2024, 1, 1)}
    save(ResponsiblePerson(operator=lapp, **given))
    lapp.email = "requests@lapp.kz"
    return save(lapp)


def url(model, view, *args):
    return reverse(f"admin:registry_{model}_{view}", args=args)


def fill(client, address, **changes):
    """A form as it was sent, filled in; what comes back is past it."""
    response = client.post(address, form_fields(client.get(address).context, **changes))
    assert response.status_code == 302, response.context["errors"]
    return response


def act(client, case, name, letter=None, **given):
    """An act on a case or one of its letters, by its own page."""
    model = case._meta.model_name
    address = url(model, "letter_act", case.pk, letter.pk, name) if letter else url(model, "act", case.pk, name)
    context = client.get(address).context
    fields = {each: context["form"][each].value() for each in context["form"].fields}
    fields |= {"_seen": context["seen"], "_reason": "zqxjvreason"} | given
    response = client.post(address, {key: value for key, value in fields.items() if value not in (None, False)})
    assert response.status_code == 302, (name, response.context and response.context["form"].errors)


def test_nothing_personal_leaves_the_pages(office, dpo, watch, tmp_path):
    """Addresses, redirects, logs, printed lines, calendars, mail subjects, names of files, sessions, messages: nobody in them."""
    client = WatchedClient(watch)
    log_in(client, dpo)
    import_the_crm(client)
    person = complete_the_person(client)
    request = take_in(client, person)
    answer(client, request, person)
    withdraw(client, person)
    of_a_state_body(client)
    by_mail(client, watch, office, tmp_path)
    lists_and_exports(client)
    things_that_go_wrong(client, person, request)
    commands(client, watch, office, tmp_path)
    assert_every_personal_field_was_filled()
    assert watch.found(MARKS) == []
    assert not [body for body in JournalEntry.objects.values_list("body", flat=True) if has_mark(body)]
    for kind in ("address", "link", "header", "cookie", "file", "session", "message", "log", "mail", "calendar"):
        assert watch.of(kind), f"nothing was watched of: {kind}"


def has_mark(text):
    return any(mark in str(text).casefold() for mark in MARKS)


def assert_every_personal_field_was_filled():
    """A field of people that the day leaves empty would be one that nobody watched."""
    left = set()
    for model in WITH_PERSONAL_FIELDS:
        for name in model.field_names(PERSONAL):
            if not any(has_mark(value) for value in model.objects.values_list(name, flat=True)):
                left.add(f"{model._meta.model_name}.{name}")
    assert left == NOT_FILLED


def log_in(client, dpo):
    login = reverse("admin:login")
    client.post(login, {"username": "zqxjvmail@zqxjv.kz", "password": "zqxjvpassword"})  # typed into the wrong window
    client.post(login, {"username": dpo.username, "password": PASSWORD})
    client.get(reverse("admin:index"))


def import_the_crm(client):
    """The CRM's file is called after the person, and one of its lines is refused."""
    rows = [PERSON | {"source": ""}, {"crm_id": "ZQXJV-78", "surname": "Зқхчужая", "email": "zqxjv no address"}]
    head = ";".join(PERSON)
    lines = [";".join(row.get(name, "") for name in PERSON) for row in rows]
    page = upload(client, "\n".join([head, *lines]).encode(), name="Зқхфамилия zqxjv.csv")
    response = confirm(client, page, follow=True)
    assert response.status_code == 200
    assert DataSubject.objects.get().crm_id == "ZQXJV-77"


def complete_the_person(client):
    """Found by name, opened, completed with everything a person's page takes."""
    client.post(reverse("admin:people_search"), {"q": PERSON["surname"], "by": "any"})
    person = DataSubject.objects.get()
    given = {
        "consents-TOTAL_FORMS": 1, "consents-0-purpose": Consent._meta.get_field("purpose").related_model.objects.get().pk,
        "consents-0-kind": "processing", "consents-0-given_on": "2025-01-01", "consents-0-evidence": "zqxjvevidence",
        "consents-0-other_terms": "zqxjvterms", "consents-0-channel": "written",
        "agreements-TOTAL_FORMS": 1, "agreements-0-number": "ZQXJV/5", "agreements-0-concluded_on": "2025-01-01",
        "representatives-TOTAL_FORMS": 1, "representatives-0-name": "Зқхпредставитель",
        "representatives-0-contact": "zqxjvrep@zqxjv.kz", "representatives-0-authority": "parent",
        "representatives-0-document": "zqxjvdocument", "representatives-0-valid_from": "2025-01-01",
    }  # fmt: skip
    fill(client, url("datasubject", "change", person.pk), _reason="zqxjvreason", source=PERSON["source"], **given)
    client.get(url("datasubject", "history", person.pk))
    return person


def take_in(client, person):
    """Taken in at the desk; a paper is attached; the person is found and their identity checked."""
    add = url("subjectrequest", "add")
    fill(client, add, kind="information", channel="desk", **APPLICANT, **RECEIVED)
    request = SubjectRequest.objects.get()
    client.get(url("subjectrequest", "change", request.pk))
    paper = SimpleUploadedFile("Зқхзаявление zqxjv.pdf", b"%PDF-1.4 zqxjvcontent", content_type="application/pdf")
    client.post(url("subjectrequest", "attach", request.pk), {"file": paper}, follow=True)
    client.get(url("subjectrequest", "file", request.pk, CaseAttachment.objects.get().pk))
    find = url("subjectrequest", "person", request.pk)
    client.post(find)
    seen = client.post(find, {"q": "Зқхфамилия", "by": "name"}).context["seen"]
    client.post(find, {"subject": person.pk, "_seen": seen}, follow=True)
    act(client, request, "identify", method="document", note="zqxjvidnote")
    return request


def answer(client, request, person):
    """Answered by mail with everything the register holds of the person, closed, opened again, closed as a repetition."""
    act(client, request, "record", act="note", note="zqxjvstep")
    act(client, request, "answer", text="Уважаемая Зқхфамилия, zqxjvletter")
    letter = CaseLetter.objects.get(kind="answer")
    act(client, request, "edit", letter, text="Уважаемая Зқхфамилия, zqxjvletter, zqxjvedited")
    for view in ("letter", "letter_pack", "letter_docx"):
        assert client.get(url("subjectrequest", view, request.pk, letter.pk)).status_code == 200
    act(client, request, "sign", letter)
    act(client, request, "send", letter, way="mail", address=PERSON["email"])
    letter.refresh_from_db()
    assert letter.sent_at is not None
    for file in CaseAttachment.objects.all():
        assert client.get(url("subjectrequest", "file", request.pk, file.pk)).status_code == 200
    act(client, request, "close")
    act(client, request, "open-again")
    again = SubjectRequest.objects.get(follows=request)
    act(client, again, "close-without-answer", outcome="duplicate", note="zqxjvnote, see the first")
    client.get(url("subjectrequest", "history", request.pk))


def withdraw(client, person):
    """A second request: withdrawn consents, stopped messages, refused by letter."""
    add = url("subjectrequest", "add")
    by_phone = APPLICANT | {"applicant_contact": "+7 901 765 43 21"}
    fill(client, add, kind="unsorted", channel="phone", **by_phone, **RECEIVED)
    request = SubjectRequest.objects.latest("pk")
    act(client, request, "sort", kind="withdrawal")
    find = url("subjectrequest", "person", request.pk)
    seen = client.post(find).context["seen"]
    client.post(find, {"subject": person.pk, "_seen": seen, "representative": person.representatives.get().pk})
    act(client, request, "identify", method="questions", note="zqxjvidnote")
    consent = Consent.objects.get()
    act(client, request, "withdraw", consents=[consent.pk], shown=consent.pk)
    act(client, request, "opt-out", channels=["email", "call"])
    norm = make_norm("KZ-94-V/9", topics="subject_rights")
    act(client, request, "refuse", norm=norm.pk, text="Отказ: Зқхфамилия, zqxjvrefusal")
    letter = CaseLetter.objects.get(kind="refusal")
    act(client, request, "sign", letter)
    act(client, request, "send", letter, way="post", address="Алматы, Зқхулица 1")


def of_a_state_body(client):
    given = {"body": "Prosecutor", "body_number": "2-07/8", "demand": "About Зқхфамилия, zqxjvstate"}
    fill(client, url("authorityrequest", "add"), kind="authority", **given, **RECEIVED)
    client.get(url("authorityrequest", "change", AuthorityRequest.objects.get().pk))


def by_mail(client, watch, office, tmp_path):
    """A message of the person becomes a case and is acknowledged; its page is opened."""
    message = EmailMessage()
    message["From"] = "Зқхфамилия Zqxjvgiven <zqxjvmail@zqxjv.kz>"
    message["To"] = office.email
    message["Subject"] = "Zqxjvsubject: запрос Зқхфамилия"
    message["Date"] = "Wed, 18 Mar 2026 10:00:00 +0500"
    message["Message-ID"] = "<1@mail.example>"
    message.set_content("Зқхфамилия, ИИН 870314412007, zqxjvbody")
    message.add_attachment(b"%PDF-1.4 zqxjv", maintype="application", subtype="pdf", filename="Зқхскан zqxjv.pdf")
    folder = tmp_path / "mail"
    folder.mkdir()
    (folder / "1.eml").write_bytes(message.as_bytes())
    os.utime(folder / "1.eml", (0, 0))  # nobody is still writing it
    watch.command("fetch_requests", operator="lapp", folder=str(folder))
    filed = Message.objects.get()
    client.get(url("message", "changelist"))
    client.get(url("message", "change", filed.pk))
    client.get(url("subjectrequest", "change", filed.request.pk))


def lists_and_exports(client):
    """Every list, and every list of people or cases as a file."""
    models = "datasubject consent agreement suppression subjectrequest authorityrequest message exportrun importrun journalentry"
    for model in models.split():
        assert client.get(url(model, "changelist")).status_code == 200
    for model in "datasubject consent subjectrequest authorityrequest message".split():
        for kind in ("csv", "json", "xlsx"):
            given = {"format": kind, "reason": "For Зқхфамилия, zqxjvreason"}
            assert client.post(url(model, "export"), given).status_code == 200
    audit = {"subject": str(DataSubject.objects.get().uid), "reason": "zqxjvreason"}
    client.post(url("exportrun", "audit"), audit)


def things_that_go_wrong(client, person, request):
    """Refused forms, pages that do not exist, a record saved by somebody else meanwhile."""
    person_page = url("datasubject", "change", person.pk)
    fields = form_fields(client.get(person_page).context, email="zqxjv no address", iin="870314412008")
    assert client.post(person_page, fields).status_code == 200
    assert client.post(person_page, fields | {"_seen": "lapp.0", "surname": "Зқхдругая"}).status_code in (404, 409)
    add = url("subjectrequest", "add")
    fields = form_fields(client.get(add).context, kind="information", channel="desk", **APPLICANT)
    assert client.post(add, fields | RECEIVED | {"received_at_0": "2999-01-01"}).status_code == 200
    assert (
        client.get(url("subjectrequest", "act", request.pk, "identify")).status_code == 200
    )  # closed: it says why not
    assert client.get(url("subjectrequest", "change", 987654321)).status_code == 404
    assert client.get(url("calendarfeed", "change", 987654321)).status_code == 404
    virus = SimpleUploadedFile("zqxjv.exe", b"MZ zqxjv", content_type="application/pdf")
    open_case = SubjectRequest.objects.filter(closed_at=None).first()
    client.post(url("subjectrequest", "attach", open_case.pk), {"file": virus}, follow=True)


def commands(client, watch, office, tmp_path):
    """The calendar, the morning's mail, the lists of the terminal, the trail and the import of the night."""
    add = url("calendarfeed", "add")
    address = client.post(add, {"_seen": client.get(add).context["seen"]}).context["address"]
    assert client.get(address).content.count(b"BEGIN:VEVENT") >= 2
    client.get(url("calendarfeed", "changelist"))
    watch.command("due")
    watch.command("due", operator="lapp", json=True, by="natalia")
    assert "mailed to" in watch.command("send_reminders")
    watch.command("reconcile")
    watch.command(
        "export_audit",
        operator="lapp",
        changes="csv",
        by="natalia",
        reason="zqxjvreason",
        output=str(tmp_path / "trail"),
    )
    crm = tmp_path / "crm.csv"
    crm.write_text(
        "crm_id;surname;email\nZQXJV-79;Зқхновая;zqxjv79@zqxjv.kz\nZQXJV-80;Зқхещё;zqxjv no address\n", encoding="utf-8"
    )
    watch.command("import_subjects", str(crm), operator="lapp", by="natalia", reason="zqxjvreason", status=2)
    newest = ImportRun.objects.latest("pk").pk
    watch.command("undo_import", str(newest), operator="lapp", by="natalia", reason="zqxjvreason")
