"""The answer pack: all that is held about one person, and nothing of anybody else."""

import datetime as dt
import hashlib
import html
import io
import json
import zipfile
from xml.etree import ElementTree

import pytest
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.test import RequestFactory
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from registry import models as m
from registry.exports import answer_pack
from registry.exports.answer_pack import issue_pack, pack_context, pack_file, pack_of
from registry.exports.letters import letter_context, letter_docx, letter_text
from registry.exports.pack_sections import RIGHTS
from registry.exports.runs import findings
from registry.imports.laws import load_laws
from registry.journal import record as tell
from registry.journal import unit_of_work
from registry.operations.attachments import content_of
from registry.rules.dates import HOME_ZONE
from tests.factories import make_operator, make_request, make_subject, make_user, save

from .whole_people import RECEIVED_AT, core, make_office, make_whole_person

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 4, 1, 7, tzinfo=dt.UTC)
LANGUAGES = ("en", "ru", "kk")


def said(content):
    """All that stands in a document: pages, footers, properties; as text, and as it is written."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        parts = [package.read(name) for name in package.namelist() if name.endswith((".xml", ".rels"))]
    texts = ["\n".join(ElementTree.fromstring(part).itertext()) for part in parts]
    return "\n".join(texts + [html.unescape(part.decode()) for part in parts])


def page(template, context):
    """The page as it is printed, without the frame of the admin."""
    return html.unescape(render_to_string(template, context, RequestFactory().get("/")))


def heading(pack, code):
    return next(section for section in pack.sections if section.code == code)


def cells(pack, code):
    return [row for table in heading(pack, code).tables for row in table.rows]


@pytest.fixture
def person(record):
    """Somebody with a consent to the one purpose of the one complete activity."""
    person = make_subject(record, surname="Қасымова", given_name="Әсем", iin="061211600012", source="site form")
    purpose = m.Purpose.objects.get(code="contracts")
    save(m.Consent(subject=person, purpose=purpose, given_on=dt.date(2026, 1, 5), until_purpose_reached=True))
    return person


@pytest.fixture
def asked(record, dpo, person):
    """An information request of the person, who has shown a document."""
    return information_request(record, dpo, person)


def information_request(operator, dpo, person, received_at=RECEIVED_AT):
    request = make_request(operator, received_at=received_at, applicant_name="Әсем")
    with unit_of_work(by=dpo, role="dpo", operator=operator):
        if person:
            request.link_person(person, by=dpo, at=AT)
        request.identify("document", by=dpo, at=AT)
    return request


def answer(request, dpo, language="ru", kind="answer", **fields):
    with unit_of_work(by=dpo, role="dpo", operator=request.operator):
        text = letter_text(request, "answer", language)
        return request.draft(kind, by=dpo, at=AT, text=text, language=language, **fields)


def issue(letter, dpo, **said):
    with unit_of_work(by=dpo, role="dpo", operator=letter.operator):
        return issue_pack(letter, by=dpo, role="dpo", **said)


# Markup, formulas, Kazakh letters, directions, blanks at the ends: whatever a value may be, it stays what it is.
ODD = st.sampled_from(["", "<b>&amp;", "=1+1", "\"'«»", "ғ\u202eә", "{{ x }}", "  a  b", "%s\\", "ÿ😀", "]]>", "a\nb"])


@settings(
    max_examples=8,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(language=st.sampled_from(LANGUAGES), odd=ODD, chosen=st.integers(0, 3))
def test_answer_holds_all_of_one_person_and_nothing_of_anybody_else(db, language, odd, chosen):
    """Four people with two operators: the answer to one of them names every value of theirs, and no other person, no member of
    staff, no note of the office, nothing of the other operator."""
    offices = [make_office() for _place in range(2)]
    people = [make_whole_person(operator, users, odd) for operator, users, *_tokens in offices for _place in range(2)]
    one, operator, users = people[chosen], *offices[chosen // 2][:2]
    letter = answer(one.request, users[0], language)
    issue(letter, users[0], reason="asked by mail")

    pack = pack_of(one.request, language)
    pages = {
        "pack": "\n".join(pack.texts),
        "document": said(content_of(pack_file(letter))),
        "print": page("registry/print/pack_body.html", pack_context(pack)),
    }
    letters = {
        "letter": said(letter_docx(letter)),
        "printed letter": page("registry/print/sheet.html", letter_context(letter)),
    }
    own = offices[chosen // 2][2]
    foreign = [each.given for each in people if each is not one] + [each.kept for each in people]
    foreign += [offices[1 - chosen // 2][2], *(staff for *_office, staff in offices)]
    for name, text in pages.items():
        for what, token in (one.given | own).items():
            assert plain(token) in plain(text), f"{what} is not in the {name}"
    for name, text in (pages | letters).items():
        for tokens in foreign:
            for what, token in tokens.items():
                if token not in one.given.values():
                    assert core(token) not in text, f"{what} is in the {name}"
    assert operator.name_en in pages["document"]


def plain(text):
    """Lines of a value are lines of the document, too: what separates them is not compared."""
    return "".join(text.replace("<br>", "").split())


def test_values_are_told_field_by_field_with_source_and_day(asked, person):
    """What is held, from where, and when it was confirmed; what is not held says so."""
    rows = cells(pack_of(asked, "ru", at=AT), "values")
    assert rows[:5] == [
        ("Фамилия", "Қасымова", "site form", "[не указано]"),
        ("Имя", "Әсем", "site form", "[не указано]"),
        ("Отчество", "не хранится", "—", "—"),
        ("ИИН", "061211600012", "site form", "[не указано]"),
        ("Дата рождения", "не хранится", "—", "—"),
    ]


def test_purposes_are_told_with_their_bases_and_whether_a_law_knows_them(asked, record):
    """The basis as declared, and the norm with its mark; one that no law knows is said to be declared only."""
    assert cells(pack_of(asked, "en", at=AT), "purposes") == [
        ("Contracts", "Clients", "Consent (consent)\nForm 7", "KZ-94-V, article 7, paragraph 1 (secondary source)")
    ]
    basis = m.LegalBasis.objects.get(code="consent")
    basis.norm, basis.kind = None, "contract"
    save(basis)
    [(*_rest, norm)] = cells(pack_of(asked, "en", at=AT), "purposes")
    assert norm == "declared by the policy; no ground known to a law of the operator"


def test_processing_is_told_of_the_activities_the_person_is_part_of(asked, record):
    """Sources, operations, recipients, countries, terms and places: of the activity of the person's purpose, of no other one."""
    pack = pack_of(asked, "en", at=AT)
    assert cells(pack, "sources") == [("As recorded for the person", "site form"), ("Clients", "the data subject")]
    assert cells(pack, "methods") == [
        ("Clients\nsince 1 February 2024", "collection, storage", "[not recorded]", "[not recorded]")
    ]
    assert [row[:2] for row in cells(pack, "categories")] == [
        ("IIN (restricted access)", "Contracts"), ("PHONE (restricted access)", "Contracts"),
    ]  # fmt: skip
    assert cells(pack, "recipients") == [("Google Ireland", "service provider", "Ireland", "Clients")]
    assert cells(pack, "transfers") == [("Ireland", "Google Ireland", "consent", "not started yet", "[not recorded]")]
    assert cells(pack, "storage") == [("Clients", "3 years after relations end; destruction")]
    assert cells(pack, "databases") == [("Kazakhstan", "CRM", "electronic", "[not recorded]")]
    assert not any("Visitors" in text for text in pack.texts)


def test_machine_that_decides_about_rights_is_explained(asked, person):
    """94-V art. 19-1: how it decides and who reviews it, or that nobody has said so yet."""
    activity = person.consents.get().purpose.activities.get().activity
    activity.decides_rights, activity.decision_logic = True, "Late payments lower the limit."
    save(activity)
    [(told, *_rest)] = cells(pack_of(asked, "en", at=AT), "methods")
    assert told == (
        "Clients\nsince 1 February 2024\nA machine decides about rights: Late payments lower the limit.\n"
        "A decision is reviewed, on objection, by: [not recorded]"
    )


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"until_purpose_reached": True}, "in force"),
        ({"expires_on": dt.date(2026, 3, 31)}, "expired"),
        ({"until_purpose_reached": True, "withdrawn_at": RECEIVED_AT}, "withdrawn on 1 April 2026"),
    ],
)
def test_consent_says_how_it_stands(fields, said, lapp, dpo):
    """In force, expired or withdrawn, as of the day of the answer, 1 April 2026."""
    person, purpose = make_subject(lapp), save(m.Purpose(operator=lapp, code="news", name_en="News"))
    save(m.Consent(subject=person, purpose=purpose, given_on=dt.date(2026, 1, 5), **fields))
    pack = pack_of(information_request(lapp, dpo, person), "en", at=AT)
    assert cells(pack, "consents")[0] == ("State", said)
    assert cells(pack, "purposes")[0][:2] == ("News", "no processing activity of the register names this purpose")


def test_consent_to_distribution_says_what_it_forbids_and_under_which_conditions(lapp, dpo):
    """Category by category, with the day and the page of their publication (152-FZ art. 10.1)."""
    person, purpose = make_subject(lapp), save(m.Purpose(operator=lapp, code="site", name_en="The site"))
    given = {"given_on": dt.date(2026, 1, 5), "is_separate": True, "until_purpose_reached": True}
    published = {"conditions_published_on": dt.date(2026, 1, 8), "conditions_url": "https://lapp.kz/conditions"}
    consent = save(m.Consent(subject=person, purpose=purpose, kind="distribution", **given))
    m.Consent.objects.filter(pk=consent.pk).update(**published)
    for code, said in (("phone", {"is_prohibited": True}), ("photo", {"conditions": "On the page of the staff only."})):
        category = save(m.DataCategory(operator=lapp, code=code, name_en=code.capitalize()))
        save(m.DistributionCondition(consent=consent, data_category=category, **said))
    told = dict(cells(pack_of(information_request(lapp, dpo, person), "en", at=AT), "consents"))
    assert told["May not be distributed"] == "Phone"
    assert told["Conditions of distribution"] == "Photo: On the page of the staff only."
    assert told["Conditions and prohibitions published"] == "8 January 2026\nhttps://lapp.kz/conditions"


def test_consent_of_another_kind_says_nothing_of_distribution(asked):
    assert "May not be distributed" not in dict(cells(pack_of(asked, "en", at=AT), "consents"))


def test_renewed_consent_says_by_when_it_was_replaced(asked, person):
    """The old consent and the one that took its place, both with their days."""
    purpose = m.Purpose.objects.get(code="contracts")
    save(m.Consent(subject=person, purpose=purpose, given_on=dt.date(2026, 3, 2), until_purpose_reached=True))
    tables = heading(pack_of(asked, "en", at=AT), "consents").tables
    assert [table.rows[0][1] for table in tables] == ["replaced by a renewal, last day 1 March 2026", "in force"]


def test_readers_are_told_by_role_and_number(asked, record, person):
    """Who had access: roles, how often, the first and the last day; never a name."""
    users, other = (
        [make_user("registrar", record, username=f"reader{number}") for number in range(2)],
        make_subject(record),
    )
    for user, role in ((users[0], "registrar"), (users[1], "registrar"), (None, "system")):
        with unit_of_work(by=user, role=role, operator=record):
            tell("view", object_type="datasubject", uid=person.uid, subjects=[person.uid])
            tell("view", object_type="datasubject", uid=other.uid, subjects=[other.uid])
    today = f"{dt.datetime.now(HOME_ZONE):%d.%m.%Y}"
    pack = pack_of(asked, "ru", at=AT)
    assert cells(pack, "readings") == [
        ("регистратор", "открытие записи", "2", today, today), ("система", "открытие записи", "1", today, today),
    ]  # fmt: skip
    assert not any("reader" in text for text in pack.texts)


def test_earlier_requests_are_told_by_number_kind_and_days(asked, record, dpo, person):
    """What was asked before; what is asked later, or now, is not in the list."""
    for days in (-30, 5):
        information_request(record, dpo, person, RECEIVED_AT + dt.timedelta(days=days))
    information_request(record, dpo, make_subject(record), RECEIVED_AT + dt.timedelta(days=-20))
    assert cells(pack_of(asked, "ru", at=AT), "requests") == [
        ("R-2026-0002", "сведения об обработке", "02.03.2026", "—")
    ]


def test_blocked_person_is_told_so(asked, record, person, dpo):
    """While a block stands the answer says since when, and that the data are only stored."""
    save(
        m.Block(operator=record, subject=person, law=record.laws.get().law, cause="inaccuracy", why="secret why", set_at=AT,
                set_by=dpo)
    )  # fmt: skip
    person.refresh_from_db()
    pack = pack_of(asked, "ru", at=AT)
    assert ("Заблокированы с", "01.04.2026 (все данные)") in cells(pack, "confirmation")
    assert "secret why" not in list(pack.texts)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The operator’s register holds no personal data to which the request relates."),
        ("ru", "Персональных данных, к которым относится обращение, в реестре оператора нет."),
        ("kk", "Оператордың тізілімінде өтінішке қатысты дербес деректер жоқ."),
    ],
)
def test_answer_about_nobody_is_negative(language, sentence, record, dpo, person):
    """Where the register holds nothing of the applicant the answer says so, and nothing of anybody."""
    pack = pack_of(information_request(record, dpo, None), language, at=AT)
    assert [section.code for section in pack.sections] == ["confirmation", "rights", "asking", "complaints", "operator"]
    assert heading(pack, "confirmation").lines[0].startswith(sentence)
    assert not any("Қасымова" in text for text in pack.texts)


def test_negative_answer_is_fixed_and_told_like_any_other(record, dpo, person):
    """It leaves as a document, too, and is about nobody."""
    letter = answer(information_request(record, dpo, None), dpo)
    run = issue(letter, dpo)
    assert (run.filter["subject"], pack_file(letter).sha256) == ("", run.digest)
    assert not m.JournalSubject.objects.filter(entry__object_uid=run.uid).exists()
    assert not list(findings())


def test_purpose_says_what_it_rests_on_for_this_person(asked, record, person):
    """Beside what the policy declares: the consent or agreement of this very person, since when and until when."""
    purpose, basis = m.Purpose.objects.get(code="contracts"), m.LegalBasis.objects.get(code="consent")
    basis.kind = "contract"
    save(basis)
    agreement = save(m.Agreement(operator=record, subject=person, number="D-17", concluded_on=dt.date(2026, 1, 10)))
    save(
        m.SubjectPurpose(subject=person, purpose=purpose, ground="agreement", agreement=agreement, basis=basis,
                         since_on=dt.date(2026, 1, 10))
    )  # fmt: skip
    [_declared, *rests] = cells(pack_of(asked, "en", at=AT), "purposes")
    assert rests == [("Contracts", "agreement D-17\nConsent", "10 January 2026", "—")]


def test_rights_are_cited_from_the_library_with_their_marks(db, dpo):
    """Rights of the operator's laws only, each with its article and mark; every code the pack knows is in the library."""
    load_laws()
    assert set(RIGHTS) <= set(m.Norm.objects.values_list("code", flat=True))
    operator = make_operator("almaenergy", laws=("RU-152-FZ",))
    [table] = heading(pack_of(make_request(operator), "ru"), "rights").tables
    assert table.title == "Федеральный закон от 27 июля 2006 года № 152-ФЗ «О персональных данных»"
    assert [article for article, _text in table.rows] == [
        "статья 14, часть 3", "статья 15, часть 2 (не проверено)", "статья 20, часть 3", "статья 21, часть 5",
        "статья 21, часть 5.1 (не проверено)",
    ]  # fmt: skip


def test_pack_is_fixed_once_and_told_to_the_journal(asked, record, person, dpo):
    """The document is kept as it was signed; the journal tells who took it, about whom, how much, and its digest."""
    letter, before = answer(asked, dpo), pack_of(asked, "ru")
    run = issue(letter, dpo, reason="asked by mail")
    content = content_of(pack_file(letter))
    assert (run.kind, run.digest) == ("answer", hashlib.sha256(content).hexdigest())
    assert run.count == sum(len(table.rows) for section in before.sections for table in section.tables)
    assert run.filter == {"request": asked.number, "language": "ru", "subject": str(person.uid)}
    entries = m.JournalEntry.objects.filter(object_uid=run.uid).order_by("seq")
    assert [(entry.action, entry.actor, entry.run) for entry in entries] == [
        ("export.start", dpo.pk, run.pk), ("export.finish", dpo.pk, run.pk),
    ]  # fmt: skip
    assert [json.loads(entry.body)["uids"] for entry in entries] == [[str(person.uid)]] * 2
    assert not list(findings())

    person.surname = "Ахметова"
    save(person)
    with unit_of_work(by=dpo, role="dpo", operator=record):
        letter.sign(by=dpo, at=AT)
    assert issue(letter, dpo) == run
    assert content_of(pack_file(letter)) == content
    assert "Қасымова" in said(content) and "Ахметова" not in said(content)
    assert m.CaseAttachment.objects.get().origin == "letter"


def test_pack_goes_with_an_answer_to_an_information_request_only(asked, record, dpo, person):
    """Neither a question nor an answer about something else gives away what is held about a person."""
    with pytest.raises(ValidationError, match="Only an answer to a request for information brings an answer pack"):
        issue(answer(asked, dpo, kind="identity"), dpo)
    other = make_request(record, kind="other", received_at=RECEIVED_AT)
    with pytest.raises(ValidationError, match="Only an answer to a request for information brings an answer pack"):
        issue(answer(other, dpo), dpo)
    assert not m.ExportRun.objects.exists()


def test_pack_is_not_given_to_a_stranger_or_behind_a_signature(asked, record, dpo, person):
    """Who is somebody else now gets nothing; and to a letter that is signed nothing is added."""
    doubted, signed = answer(asked, dpo), answer(asked, dpo)
    with unit_of_work(by=dpo, role="dpo", operator=record):
        signed.sign(by=dpo, at=AT)
        with pytest.raises(ValidationError, match="signed off and stays as it is"):
            issue_pack(signed, by=dpo, role="dpo")
        asked.link_person(make_subject(record), by=dpo, at=AT)
    with pytest.raises(ValidationError, match="Check the identity first"):
        issue(m.CaseLetter.objects.get(pk=doubted.pk), dpo)
    assert not m.ExportRun.objects.exists()
    assert not m.CaseAttachment.objects.exists()


def test_pack_and_its_entries_are_made_together_or_not_at_all(asked, dpo, monkeypatch):
    """Where the document cannot be kept, no export is told and the letter has no pack."""
    letter = answer(asked, dpo)
    monkeypatch.setattr(answer_pack, "attach", fail)
    with pytest.raises(OSError, match="disk is full"):
        issue(letter, dpo)
    assert m.CaseLetter.objects.get(pk=letter.pk).pack is None
    assert not m.ExportRun.objects.exists()
    assert not m.JournalEntry.objects.filter(action="export.start").exists()


def fail(*args, **kwargs):
    raise OSError("disk is full")
