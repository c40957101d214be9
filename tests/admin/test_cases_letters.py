"""Letters of a case: written with a text that comes ready, signed off by the DPO alone, sent once, and then as they are."""

import datetime as dt

import pytest
from django.core import mail

from registry.models import AuthorityRequest, CaseLetter, ExportRun
from tests.factories import make_norm, make_request, make_rule, make_subject, make_user, save
from tests.forms import last_entry

from .case_pages import act, address, again, identified, letter_act, moment, refusal_of, sent, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(lapp):
    make_rule("KZ-INFO")
    return lapp


@pytest.fixture
def case(office, dpo):
    case = make_request(office, received_at=moment("2026-04-01 10:00"), applicant_contact="asem@example.kz")
    return identified(case, make_subject(office), dpo)


@pytest.fixture
def draft(case, client_of_dpo):
    act(client_of_dpo, case, "answer", language="ru", text="Мы храним Ваше имя.")
    return case.caseletters.get()


@pytest.fixture
def signed(draft, client_of_dpo):
    letter_act(client_of_dpo, draft, "sign")
    return CaseLetter.objects.get(pk=draft.pk)


def again_letter(letter):
    return CaseLetter.objects.get(pk=letter.pk)


def test_text_comes_ready_in_the_language_of_the_case(case, client_of_dpo):
    """The officer finds a Russian text for a Russian case, with its number in it."""
    text = client_of_dpo.get(address(case, "act", "answer")).context["form"].initial["text"]
    assert text.startswith(f"В ответ на Ваше обращение № {case.number}")


def test_text_is_had_anew_in_another_language(case, client_of_dpo):
    """The applicant wants Kazakh: the text comes anew, and nothing is kept yet."""
    page = address(case, "act", "answer")
    response = sent(client_of_dpo, page, language="kk", text="что-то своё", again="1")
    form = response.context["form"]
    assert (response.status_code, form.initial["language"], "өтініш" in form.initial["text"].casefold()) == (
        200,
        "kk",
        True,
    )
    assert not case.caseletters.exists()


def test_refusal_cites_the_norm_chosen(case, office, client_of_dpo):
    """A norm of the operator's laws, by its name in the letter; a norm of another law is no choice."""
    norm = make_norm("KZ-94-V/25(2)(7)", text_ru="Отказ мотивируется.")
    foreign = make_norm("RU-152-FZ/20(2)", law="RU-152-FZ")
    page = address(case, "act", "refuse")
    response = sent(client_of_dpo, page, language="ru", norm=norm.pk, text="", again="1")
    assert "Отказ мотивируется." in response.context["form"].initial["text"]
    choices = response.context["form"].fields["norm"].queryset
    assert (norm in choices, foreign in choices) == (True, False)
    response = sent(client_of_dpo, page, language="ru", norm="", text="Нет.")
    assert refusal_of(response) == ["A refusal rests on a norm. Choose the one that allows it."]


def test_draft_is_edited_until_it_is_signed_off(draft, client_of_dpo):
    """A draft changes; what was signed off stays, whatever form was open."""
    assert letter_act(client_of_dpo, draft, "edit", language="ru", text="Мы храним имя и телефон.").status_code == 302
    assert again_letter(draft).text == "Мы храним имя и телефон."
    letter_act(client_of_dpo, draft, "sign")
    response = letter_act(client_of_dpo, draft, "edit", language="ru", text="Иначе.")
    assert (response.status_code, refusal_of(response)) == (
        409, ["“Edit” is not possible: the letter is signed off, not sent."],
    )  # fmt: skip
    assert again_letter(draft).text == "Мы храним имя и телефон."


def test_only_the_dpo_signs_off(draft, office, browser_client):
    """The registrar writes and sends; the signature is the DPO's. Auditors open no letter at all."""
    client = browser_client(make_user("registrar", office))
    page = client.get(address(draft.case, "letter", draft.pk))
    assert [each["label"] for each in page.context["acts"]] == ["Edit"]
    assert "It waits for the data protection officer, who signs letters off." in page.content.decode()
    sign = address(draft.case, "letter_act", draft.pk, "sign")
    assert (client.get(sign).status_code, client.post(sign, {"_seen": ""}).status_code) == (403, 403)
    client = browser_client(make_user("auditor", office))
    for view in ("letter", "letter_docx", "letter_pack"):
        assert client.get(address(draft.case, view, draft.pk)).status_code == 403
    assert again_letter(draft).signed_at is None


def test_letter_with_an_open_place_is_not_signed_off(case, client_of_dpo):
    """What was left for the officer to fill in is named."""
    act(client_of_dpo, case, "answer", language="ru", text="Мы храним [… что именно].")
    response = letter_act(client_of_dpo, case.caseletters.get(), "sign")
    assert response.status_code == 409
    assert refusal_of(response) == ["“[… что именно]” is still to be written: fill it in, or delete it."]


def test_what_the_register_holds_goes_with_the_answer(draft, client_of_dpo, subject):
    """Seen before the signature, fixed with it, told to the journal as an export of that person."""
    assert draft.case.subject.surname in text_of(client_of_dpo, address(draft.case, "letter_pack", draft.pk))
    letter_act(client_of_dpo, draft, "sign", with_pack="on")
    letter = again_letter(draft)
    assert letter.pack.kind == ExportRun.Kind.ANSWER
    entry, _said = last_entry("export.start")
    assert str(letter.case.subject.uid) in entry.body
    file = letter.case.caseattachments.get(origin="letter")
    page = client_of_dpo.get(address(letter.case, "letter", letter.pk))
    assert page.context["pack"]["url"] == address(letter.case, "file", file.pk)
    assert client_of_dpo.get(address(letter.case, "letter_pack", letter.pk)).status_code == 404


def test_letter_by_mail_leaves_and_the_case_is_answered(signed, client_of_dpo, django_capture_on_commit_callbacks):
    """Once it is committed; the subject line names nobody, and the case says that it was answered."""
    with django_capture_on_commit_callbacks(execute=True):
        letter_act(client_of_dpo, signed, "send", way="mail", address="asem@example.kz")
    [message] = mail.outbox
    assert (message.to, "Қасымова" in message.subject) == (["asem@example.kz"], False)
    assert again_letter(signed).sent_at is not None
    assert again(signed.case).casesteps.filter(act="answered").count() == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"way": "mail", "address": ""}, "A letter by e-mail needs an address. Enter it."),
        (
            {"way": "mail", "address": "nowhere"},
            "A letter by e-mail needs an address such as name@example.kz. Correct it.",
        ),
        ({"way": ""}, "This field is required."),
    ],
)
def test_letter_that_cannot_leave_says_why(typed, sentence, signed, client_of_dpo):
    """No address, none that is one, no way said: nothing leaves."""
    assert refusal_of(letter_act(client_of_dpo, signed, "send", **typed)) == [sentence]
    assert again_letter(signed).queued_at is None


def test_signed_letter_is_not_sent_to_somebody_else(draft, office, dpo, client_of_dpo):
    """Another person was linked since: first nobody knows who asks, and then what goes with the letter is about the first."""
    letter_act(client_of_dpo, draft, "sign", with_pack="on")
    sent(client_of_dpo, address(draft.case, "person"), subject=make_subject(office).pk)
    response = letter_act(client_of_dpo, draft, "send", way="handed")
    assert refusal_of(response) == [
        "It is not established who asks. Check the identity first: an answer to a stranger is a breach."
    ]
    act(client_of_dpo, draft.case, "identify", method="document")
    response = letter_act(client_of_dpo, draft, "send", way="handed")
    assert refusal_of(response) == [
        "What goes with this letter is about another person than the one linked now. Write another letter."
    ]
    assert again_letter(draft).sent_at is None


def test_letter_handed_over_is_recorded_once(signed, client_of_dpo):
    """Who pressed twice is told that the letter is sent; the case has one step of it."""
    assert letter_act(client_of_dpo, signed, "send", way="handed").status_code == 302
    response = letter_act(client_of_dpo, signed, "send", way="post")
    assert refusal_of(response) == ["“Send” is not possible: the letter is sent."]
    assert again_letter(signed).way == "handed"
    assert signed.case.casesteps.filter(act="answered").count() == 1


def test_unsigned_letter_is_not_sent(draft, client_of_dpo):
    """First the signature."""
    response = letter_act(client_of_dpo, draft, "send", way="handed")
    assert refusal_of(response) == ["“Send” is not possible: the letter is draft."]


def test_letter_is_a_document_under_a_neutral_name(draft, client_of_dpo):
    """The file's name names the case and nobody; that it was read is told."""
    response = client_of_dpo.get(address(draft.case, "letter_docx", draft.pk))
    assert response["Content-Disposition"] == f'attachment; filename="{draft.case.number}-letter-{draft.pk}.docx"'
    assert response.content.startswith(b"PK")
    entry, said = last_entry("view")
    assert (said["object"], entry.subjects.get().uid) == ("caseletter", draft.case.subject.uid)


def test_letter_of_another_case_is_not_here(draft, office, client_of_dpo):
    """A letter is met under its own case only."""
    other = make_request(office)
    assert client_of_dpo.get(address(other, "letter", draft.pk)).status_code == 404
    assert client_of_dpo.get(address(other, "letter_act", draft.pk, "edit")).status_code == 404


def test_notice_of_extension_moves_the_term_when_it_is_sent(office, dpo, client_of_dpo):
    """Drafted and signed off it moves nothing; sent before the term ends, it moves it once."""
    make_rule("RU-INFO", amount=10, extension=5, trigger="rights_request")
    case = identified(make_request(office, kind="rectification"), make_subject(office), dpo)
    before = case.deadlines.get(source="RU-INFO").due_on
    act(client_of_dpo, case, "extend", language="ru", text="Данные в архиве, их поиск требует времени.")
    letter = case.caseletters.get()
    letter_act(client_of_dpo, letter, "sign")
    assert case.deadlines.get(source="RU-INFO").due_on == before
    letter_act(client_of_dpo, letter, "send", way="post")
    deadline = case.deadlines.get(source="RU-INFO")
    assert (deadline.is_extended, deadline.due_on > before + dt.timedelta(days=5)) == (True, True)
    assert "extended" in text_of(client_of_dpo, address(case)).casefold()


def test_answer_to_a_state_body_is_written_and_sent(office, client_of_dpo):
    """The same letters, without anybody's identity."""
    case = save(
        AuthorityRequest(operator=office, body="Ministry", body_number="1", received_at=moment("2026-04-01 10:00"))
    )
    act(client_of_dpo, case, "answer", language="ru", text="Сообщаем.")
    letter = case.caseletters.get()
    letter_act(client_of_dpo, letter, "sign")
    letter_act(client_of_dpo, letter, "send", way="portal")
    act(client_of_dpo, case, "close")
    assert again(case).outcome == "met"


def test_address_typed_for_a_letter_is_not_lost(signed, client_of_dpo):
    """Somebody writes a note in the case while the letter is being addressed."""
    page = address(signed.case, "letter_act", signed.pk, "send")
    form = {"_seen": client_of_dpo.get(page).context["seen"], "way": "post", "address": "Almaty, Abay 1"}
    act(client_of_dpo, signed.case, "record", act="note", note="meanwhile")
    response = client_of_dpo.post(page, form)
    assert response.status_code == 409
    assert [each["value"] for each in response.context["entered"]] == ["Almaty, Abay 1"]
