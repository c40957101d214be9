"""Letters: every kind in three languages, in the law's own terms, with nothing said to a stranger."""

import datetime as dt
import io
import itertools

import pytest
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from docx import Document

from registry import models as m
from registry.choices import RequestKind
from registry.exports.docx import legal
from registry.exports.letter_words import MONTHS, WORDS, Day
from registry.exports.letters import letter_context, letter_docx, letter_text, plain_text, sheet_of
from registry.exports.terms import LANGUAGES
from registry.imports.laws import load_laws
from registry.journal import unit_of_work
from registry.operations.blocking import block
from registry.operations.withdrawal import withdraw
from registry.rules.cases import SUBJECT_KINDS
from registry.rules.letters import OPEN_PLACE
from tests.factories import make_norm, make_operator, make_request, make_rule, make_subject, save
from tests.models.test_ground import COMPLETE

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 4, 1, 5, tzinfo=dt.UTC)  # Wednesday, 10:00 in Almaty
KINDS = m.CaseLetter.Kind


def test_every_word_has_three_languages():
    """No letter falls back to another language."""
    for key, words in WORDS.items():
        assert len(words) == len(LANGUAGES) and all(words), key
    assert {name: len(months.split()) for name, months in MONTHS.items()} == dict.fromkeys(MONTHS, 12)


@pytest.mark.parametrize(
    ("language", "case", "said"),
    [
        ("en", "by", "6 April 2026"),
        ("ru", "by", "6 апреля 2026 года"),
        ("kk", "", "2026 жылғы 6 сәуір"),
        ("kk", "at", "2026 жылғы 6 сәуірде"),
        ("kk", "to", "2026 жылғы 6 сәуірге"),
        ("kk", "by", "2026 жылғы 6 сәуірден"),
        ("kk", "of", "2026 жылғы 6 сәуірдегі"),
    ],
)
def test_day_is_said_as_the_language_says_it(language, case, said):
    """A Kazakh day takes the case that its sentence asks for."""
    assert format(Day(dt.date(2026, 4, 6), language), case) == said


def acknowledgement(request, language):
    return letter_text(request, "acknowledgement", language)


def test_acknowledgement_names_number_receipt_and_term(lapp):
    """Three working days from Wednesday, 1 April 2026, end on Monday the 6th; of the applicant nothing is said."""
    make_rule("KZ-INFO")
    request = make_request(lapp, received_at=AT, applicant_name="Әсем Қасымова", applicant_contact="asem@example.kz")
    assert acknowledgement(request, "en") == (
        "Your request was received on 1 April 2026 and registered under No. R-2026-0001.\n\n"
        "It will be answered by 6 April 2026.\n\n"
        "Please quote this number when you write to us about it.\n\n"
        "This acknowledgement is made automatically and is not signed."
    )
    assert acknowledgement(request, "ru") == (
        "Ваше обращение получено 1 апреля 2026 года и зарегистрировано под № R-2026-0001.\n\n"
        "Ответ будет дан не позднее 6 апреля 2026 года.\n\n"
        "Пожалуйста, указывайте этот номер в дальнейшей переписке.\n\n"
        "Подтверждение составлено автоматически и подписи не требует."
    )
    assert acknowledgement(request, "kk") == (
        "Сіздің өтінішіңіз 2026 жылғы 1 сәуірде алынды және № R-2026-0001 болып тіркелді.\n\n"
        "Жауап 2026 жылғы 6 сәуірден кешіктірілмей беріледі.\n\n"
        "Бұдан былайғы хат алмасуда осы нөмірді көрсетуіңізді сұраймыз.\n\n"
        "Растау автоматты түрде жасалған және қол қоюды талап етпейді."
    )


@pytest.mark.parametrize(
    ("kind", "unit", "said"),
    [
        ("unsorted", "working_day", "The term for the answer depends on what is asked for"),
        ("information", "at_once", "It will be dealt with without delay."),
        ("complaint", "working_day", "It will be dealt with without delay."),
    ],
)
def test_acknowledgement_promises_no_day_that_nobody_knows(kind, unit, said, lapp):
    """Unsorted, at once, or without a term: no date is named."""
    make_rule("KZ-INFO", unit=unit, amount=3 if unit == "working_day" else 0)
    text = acknowledgement(make_request(lapp, kind=kind, received_at=AT), "en")
    assert said in text
    assert "answered by" not in text


def test_strange_applicant_gets_nothing_of_the_register(lapp, dpo):
    """Before the identity is checked a letter is addressed as the applicant wrote, not by the name in the register."""
    person = make_subject(lapp, surname="Қасымова", given_name="Әсем")
    request = make_request(lapp, received_at=AT, applicant_name="A. K.", applicant_contact="someone@example.kz")
    with unit_of_work(by=dpo, role="dpo", operator=lapp):
        request.link_person(person, by=dpo, at=AT)
        text = letter_text(request, "identity", "ru")
        letter = request.draft("identity", by=dpo, at=AT, text=text, language="ru")
        assert sheet_of(letter).addressee == ("A. K.", "someone@example.kz")
        assert "Копии документов, удостоверяющих личность, не присылайте" in text
        assert not any("Қасымова" in each for each in sheet_of(letter).texts)
        request.identify("document", by=dpo, at=AT)
    assert sheet_of(letter).addressee == ("Қасымова Әсем", "someone@example.kz")


def test_notice_of_extension_names_both_days_and_its_norm(lapp):
    """Ten working days from 1 April 2026 end on the 15th, five more on the 22nd; the reasons are the officer's."""
    rule = make_rule("RU-INFO", amount=10, extension=5)
    request = make_request(lapp, received_at=AT)
    text = letter_text(request, "extension", "en", reasons="the archive is searched.")
    assert text == (
        "The term for answering your request No. R-2026-0001, received on 1 April 2026, ends on 15 April 2026.\n\n"
        "The term is extended up to and including 22 April 2026.\n\n"
        "Reasons for the extension: the archive is searched.\n\n"
        f"Legal basis: KZ-94-V, article RU-INFO (unverified): {rule.norm.text_en}"
    )
    assert not request.deadlines.get().is_extended
    assert OPEN_PLACE.findall(letter_text(request, "extension", "kk")) == ["[… себептерін жазыңыз]"]


def test_refusal_names_norm_reasons_and_where_to_complain(lapp):
    """The norm stands there with its text and mark; a complaint goes to the authorised body or to court."""
    load_laws()
    request = make_request(lapp, received_at=AT)
    norm = m.Norm.objects.get(code="KZ-94-V/8(7)")
    text = letter_text(request, "refusal", "ru", norm=norm, reasons="обязательство не исполнено.")
    law = "Закон Республики Казахстан от 21 мая 2013 года № 94-V «О персональных данных и их защите»"
    lines = text.split("\n\n")
    assert lines[0] == (
        "Рассмотрев Ваше обращение № R-2026-0001, полученное 1 апреля 2026 года, оператор отказывает в предоставлении "
        "сведений об обработке персональных данных."
    )
    assert lines[1] == f"Правовое основание: {law}, статья 8, пункт 7 (вторичный источник): {norm.text_ru}"
    assert lines[2] == "Причины отказа: обязательство не исполнено."
    assert "Министерство искусственного интеллекта и цифрового развития Республики Казахстан" in lines[3]
    assert lines[4].startswith(f"{law}, статья 24, пункт 1, подпункт 7: ")
    assert lines[5].startswith(f"{law}, статья 27-1: ")
    assert lines[6].startswith("Правила 395/НҚ, пункт 24 (вторичный источник): ")


def test_norm_that_the_library_does_not_hold_is_not_cited(db):
    """Under 152-FZ alone the right to complain is said in plain words: the library holds no norm about it."""
    load_laws()
    request = make_request(make_operator("almaenergy", laws=("RU-152-FZ",)), received_at=AT)
    text = letter_text(request, "refusal", "ru")
    assert text.endswith("Вы вправе обратиться с жалобой в уполномоченный орган или в суд.")
    assert "94-V" not in text


@pytest.mark.parametrize(("kind", "language"), [*itertools.product(SUBJECT_KINDS, LANGUAGES)])
def test_answer_and_refusal_are_written_for_every_kind(kind, language, lapp):
    """Each kind of request has an answer and a refusal of its own; what is unknown is left open, never made up."""
    request = make_request(lapp, kind=kind, received_at=AT)
    for letter in ("answer", "refusal"):
        text = letter_text(request, letter, language)
        assert request.number in text
        assert "{" not in text
    asked = letter_text(make_request(lapp, kind="other", received_at=AT), "refusal", language).split("\n\n")[0]
    if kind not in (RequestKind.OTHER, RequestKind.UNSORTED):
        assert letter_text(request, "refusal", language).split("\n\n")[0] != asked


def test_answer_says_what_the_case_says_was_done(lapp, dpo):
    """The day and the consents stand in the case: nobody types them."""
    person = make_subject(lapp)
    purpose = save(m.Purpose(operator=lapp, code="news", name_en="Newsletter", name_ru="Рассылка новостей"))
    consent = save(m.Consent(subject=person, purpose=purpose, given_on=dt.date(2026, 1, 5)))
    request = make_request(lapp, kind="withdrawal", received_at=AT)
    with unit_of_work(by=dpo, role="dpo", operator=lapp):
        request.link_person(person, by=dpo, at=AT)
        withdraw(person, consents=[consent], by=dpo, at=AT + dt.timedelta(days=1), request=request)
    assert (
        "Обработка, основанная на отозванных согласиях, прекращена 2 апреля 2026 года: Рассылка новостей (согласие от 5 января "
        "2026 года)."
    ) in letter_text(request, "answer", "ru")


STAYS = {
    "en": """Processing goes on for these purposes only, on grounds that do not depend on the consents withdrawn:
– Newsletter: consent of 7 January 2026
– Orders: agreement of 6 January 2026 (The agreement), until 31 December 2999""",
    "ru": """Обработка продолжается только для следующих целей, на основаниях, не зависящих от отозванных согласий:
– Рассылка: согласие от 7 января 2026 года
– Заказы: договор от 6 января 2026 года (Договор), до 31 декабря 2999 года включительно""",
    "kk": """Өңдеу тек мына мақсаттар үшін, кері қайтарып алынған келісімдерге тәуелді емес негіздер бойынша жалғасады:
– Тарату: 2026 жылғы 7 қаңтардағы келісім
– Тапсырыстар: 2026 жылғы 6 қаңтардағы шарт (Шарт), 2999 жылғы 31 желтоқсанға дейін""",
}


@pytest.fixture
def two_purposes(lapp, dpo):
    """Orders rest on an agreement by decision, and on a consent; the newsletter on a consent alone."""
    person = make_subject(lapp)
    lapp.bin = "241040012133"
    save(lapp)
    orders = save(m.Purpose(operator=lapp, code="orders", name_en="Orders", name_ru="Заказы", name_kk="Тапсырыстар"))
    news = save(m.Purpose(operator=lapp, code="a-news", name_en="Newsletter", name_ru="Рассылка", name_kk="Тарату"))
    names = {"name_en": "The agreement", "name_ru": "Договор", "name_kk": "Шарт"}
    basis = save(m.LegalBasis(operator=lapp, code="contract", kind="contract", **names))
    activity = save(m.ProcessingActivity(operator=lapp, code="shop", name_en="Shop"))
    save(m.ActivityPurpose(activity=activity, purpose=orders, basis=basis))
    decided = {"why": "until consents are collected", "document": "order 5", "decided_at": AT, "decided_by": dpo}
    save(m.GroundDecision(basis=basis, valid_from=dt.date(2026, 1, 1), valid_until=dt.date(2999, 12, 31), **decided))
    save(m.Agreement(subject=person, number="DK-17", concluded_on=dt.date(2026, 1, 6)))
    for purpose in (orders, news):
        save(m.Consent(subject=person, purpose=purpose, given_on=dt.date(2026, 1, 7), **COMPLETE))
    return person


def withdrawn_case(person, dpo, *codes):
    request = make_request(person.operator, kind="withdrawal", received_at=AT, subject=person)
    with unit_of_work(by=dpo, role="dpo", operator=person.operator):
        withdraw(person, consents=person.consents.filter(purpose__code__in=codes), by=dpo, at=AT, request=request)
    return request


@pytest.mark.parametrize("language", LANGUAGES)
def test_answer_to_a_withdrawal_says_what_stays_and_why(language, two_purposes, dpo):
    """Each purpose with its ground, as the step of the case says; the number of the agreement is not told."""
    request = withdrawn_case(two_purposes, dpo, "orders")
    text = letter_text(request, "answer", language)
    assert text.endswith(STAYS[language])
    assert "DK-17" not in text
    note = request.casesteps.get(act="withdrawn").note
    assert "consent of 2026-01-07" in note and "agreement of 2026-01-06 (The agreement), until 2999-12-31" in note


def test_answer_to_a_withdrawal_of_everything_says_that_nothing_stays(two_purposes, dpo):
    """No agreement runs, and no consent is left."""
    with unit_of_work(by=dpo):
        m.Agreement.objects.get().delete()
    text = letter_text(withdrawn_case(two_purposes, dpo, "orders", "a-news"), "answer", "en")
    assert text.endswith("There is no other ground on which the operator would go on processing these data.")


def test_what_a_block_holds_is_left_to_the_officer(two_purposes, dpo):
    """It goes on to nothing while the block stands, and is not said to have ended: the officer writes what is so."""
    request = withdrawn_case(two_purposes, dpo, "orders", "a-news")
    with unit_of_work(by=dpo):
        block(two_purposes, law=m.Law.objects.get(), cause="other", why="said so", by=dpo, at=AT)
    text = letter_text(request, "answer", "en")
    assert "There is no other ground" not in text and OPEN_PLACE.search(text)


def test_basis_names_each_law_once(db):
    """The articles of a law stand together behind its name, each with its mark."""
    load_laws()
    operator = make_operator("lapp", laws=("KZ-94-V", "EU-GDPR"))
    text = letter_text(make_request(operator, received_at=AT), "answer", "en")
    assert text.endswith(
        "Legal basis: Law of the Republic of Kazakhstan No. 94-V of 21 May 2013 “On Personal Data and Their Protection”, "
        "article 24, paragraph 1, subparagraph 1; article 25, paragraph 2, subparagraph 9; Regulation (EU) 2016/679, General Data "
        "Protection Regulation, article 12, paragraph 3; article 12, paragraph 5 (unverified)."
    )


def test_answer_where_nobody_is_found_says_so(lapp):
    """The register holds nothing: the letter itself is the answer."""
    text = letter_text(make_request(lapp, received_at=AT), "answer", "ru")
    assert "Персональных данных, к которым относится обращение, в реестре оператора нет." in text
    assert "приложении" not in text


def test_answer_to_a_state_body_names_its_number_and_date(lapp, dpo):
    """A state body is answered under its own number; nobody tells it where to complain."""
    case = save(
        m.AuthorityRequest(
            operator=lapp, received_at=AT, body="Ministry", body_number="12-3/45", body_letter_on=dt.date(2026, 3, 30)
        )
    )
    text = letter_text(case, "answer", "ru")
    assert text.split("\n\n")[0] == (
        "В ответ на Ваш запрос № 12-3/45 от 30 марта 2026 года, полученный 1 апреля 2026 года (вх. № A-2026-0001), сообщаем "
        "следующее."
    )
    assert letter_text(case, "answer", "kk").startswith(
        "Сіздің 2026 жылғы 1 сәуірде алынған 2026 жылғы 30 наурыздағы № 12-3/45 сұрау салуыңызға"
    )
    assert "суд" not in letter_text(case, "refusal", "ru")
    with unit_of_work(by=dpo, role="dpo", operator=lapp):
        sheet = sheet_of(case.draft("answer", by=dpo, at=AT, text=text, language="ru"))
    assert (sheet.addressee, sheet.title) == (("Ministry",), "Ответ на запрос")
    assert sheet.reference == "На Ваш запрос № 12-3/45 от 30 марта 2026 года"


@pytest.mark.parametrize(("letter", "language"), [*itertools.product(("extension", "refusal"), LANGUAGES)])
def test_letter_with_an_open_place_is_not_signed(letter, language, lapp, dpo):
    """What only the officer knows must be written before the letter is signed off."""
    make_rule("RU-INFO", amount=10, extension=5)
    request = make_request(lapp, received_at=AT)
    norm = make_norm("KZ-94-V/8(2)")
    text = letter_text(request, letter, language, norm=norm)
    with unit_of_work(by=dpo, role="dpo", operator=lapp):
        request.link_person(make_subject(lapp), by=dpo, at=AT)
        request.identify("document", by=dpo, at=AT)
        draft = request.draft(letter, by=dpo, at=AT, text=text, language=language, norm=norm)
        [place] = OPEN_PLACE.findall(text)
        with pytest.raises(ValidationError) as refused:
            draft.sign(by=dpo, at=AT)
        assert refused.value.messages == [f"“{place}” is still to be written: fill it in, or delete it."]
        draft.text = text.replace(place, "archives are searched")
        draft.sign(by=dpo, at=AT)
    assert draft.is_signed


@pytest.fixture
def signed(record, dpo):
    """An answer signed off by the officer who is the responsible person of that day."""
    person = m.ResponsiblePerson.objects.get(operator=record)
    save(
        m.ResponsiblePerson(
            operator=record, name="Deputy", position="Заместитель директора", is_deputy=True, user=dpo,
            appointed_on=dt.date(2026, 1, 1),
        )
    )  # fmt: skip
    assert person.is_in_office(dt.date(2026, 4, 1))
    request = make_request(
        record, kind="other", received_at=AT, applicant_name="Әсем", applicant_contact="Алматы, Абая 1"
    )
    with unit_of_work(by=dpo, role="dpo", operator=record):
        letter = request.draft(
            "answer", by=dpo, at=AT, text="First.\r\nSecond line.\r\n\r\n– one\r\n– two", language="ru"
        )
        letter.sign(by=dpo, at=AT)
    return letter


def test_sheet_has_all_that_a_letter_has(signed):
    """Letterhead, number, date, reference, addressee, text, and the signature of whoever signed it off in that office."""
    sheet = sheet_of(signed)
    assert sheet.letterhead == ("Lapp Kazakhstan LLP", "БИН 090140005679", "Almaty, Tole bi 1", "тел. +77273000000")
    assert (sheet.number, sheet.dated, sheet.mark) == ("№ R-2026-0001/1", "1 апреля 2026 года", "")
    assert sheet.reference == "На обращение № R-2026-0001 от 1 апреля 2026 года"
    assert sheet.addressee == ("Әсем", "Алматы, Абая 1")
    assert sheet.paragraphs == (("First.", "Second line."), ("– one", "– two"))
    assert sheet.signature == ("Заместитель директора", "Deputy")
    assert plain_text(signed).endswith(
        "Заместитель директора\nDeputy\n\nLapp Kazakhstan LLP\nБИН 090140005679\nAlmaty, Tole bi 1\nтел. +77273000000"
    )


def test_draft_says_that_it_is_one(signed, dpo):
    """Nobody takes a draft for a letter."""
    with unit_of_work(by=dpo, role="dpo", operator=signed.operator):
        draft = signed.case.draft("answer", by=dpo, at=AT, text="Text.", language="kk")
    assert (sheet_of(draft).mark, sheet_of(draft).number) == ("ЖОБА", "№ R-2026-0001/2")


def test_norm_of_a_refusal_stands_in_the_letter_even_where_its_text_lost_it(lapp, dpo):
    """The officer may write the text anew: the norm is still named, and named once."""
    request, norm = make_request(lapp, kind="other", received_at=AT), make_norm("KZ-94-V/8(2)")
    with unit_of_work(by=dpo, role="dpo", operator=lapp):
        anew = request.draft("refusal", by=dpo, at=AT, text="No.", language="en", norm=norm)
        text = letter_text(request, "refusal", "en", norm=norm)
        kept = request.draft("refusal", by=dpo, at=AT, text=text, language="en", norm=norm)
    basis = "Legal basis: KZ-94-V, article 8, paragraph 2 (unverified): What it says."
    assert sheet_of(anew).paragraphs == (("No.",), (basis,))
    assert sheet_of(kept).texts.count(basis) == 1


def test_document_names_neither_staff_nor_machine(signed, dpo):
    """Author is the operator; the program, the template and the user leave no trace."""
    document = Document(io.BytesIO(letter_docx(signed)))
    properties = document.core_properties
    assert (properties.author, properties.last_modified_by, properties.comments) == ("Lapp Kazakhstan LLP", "", "")
    assert (properties.title, properties.language) == ("Ответ на обращение", "ru-RU")
    parts = {str(part.partname) for part in document.part.package.iter_parts()}
    assert not {name for name in parts if "app.xml" in name or "thumbnail" in name or "customXml" in name}
    texts = "".join(part.blob.decode("utf-8", "ignore") for part in document.part.package.iter_parts())
    assert dpo.username not in texts
    section = document.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)


def test_text_with_signs_that_no_document_holds_is_written_all_the_same(signed, dpo):
    """A sign that XML cannot hold is shown as lost; the letter is made."""
    assert legal("a\x00b\x0bc\ud800\n\t") == "a\ufffdb\ufffdc\ufffd\n\t"
    with unit_of_work(by=dpo, role="dpo", operator=signed.operator):
        draft = signed.case.draft("answer", by=dpo, at=AT, text="bell \x07 <b>&amp;", language="ru")
    document = Document(io.BytesIO(letter_docx(draft)))
    assert "bell \ufffd <b>&amp;" in [paragraph.text for paragraph in document.paragraphs]


def test_printed_page_shows_the_same_sheet(signed):
    """What is printed from the browser is what the document says, markup as text."""
    page = render_to_string("registry/print/sheet.html", letter_context(signed))
    at = [page.index(each) for each in sheet_of(signed).texts]
    assert at == sorted(at)
