"""Whose request it is: found by POST from what the applicant gave, at most ten, each told as a read; linked with who asks."""

import datetime as dt

import pytest

from registry.models import Representative
from tests.factories import make_request, make_rule, make_subject, make_user, save
from tests.forms import last_entry, post

from .case_pages import act, address, again, identified, moment, refusal_of, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(lapp):
    make_rule("KZ-INFO")
    return lapp


@pytest.fixture
def case(office):
    return make_request(office, received_at=moment("2026-04-01 10:00"))


def found(client, case, **typed):
    return [each["person"] for each in client.post(address(case, "person"), typed).context["found"]]


def link(client, case, subject, **typed):
    return sent(client, address(case, "person"), subject=subject.pk, **typed)


def authority(subject, **fields):
    given = {"name": "Серік Қасымов", "authority": "parent", "document": "birth certificate 1"}
    return save(Representative(subject=subject, valid_from=dt.date(2020, 1, 1), **given | fields))


@pytest.mark.parametrize(
    "given",
    [
        {"applicant_contact": "ASEM@example.kz"},
        {"applicant_contact": "8 (707) 735-63-12"},
        {"applicant_contact": "office@example.com ASEM@example.kz"},
        {"applicant_contact": "office@example.com, 8 (707) 735-63-12"},
        {"applicant_name": "Қасымова Әсем Серікқызы"},
        {"demand": "Мой ИИН 061211600012, сообщите."},
    ],
    ids=["e-mail", "phone", "one of several e-mails", "phone beside an e-mail", "name", "iin"],
)
def test_person_is_found_by_what_the_applicant_gave(given, office, client_of_dpo):
    """E-mail, phone, IIN or name, however they are written; nothing is typed again."""
    subject = make_subject(office, email="asem@example.kz", iin="061211600012", birth_date=dt.date(2006, 12, 11))
    make_subject(office, surname="Иванов", given_name="Пётр", phone="+77011112233")
    assert found(client_of_dpo, make_request(office, **given)) == [subject]


def test_finding_is_a_read_of_everybody_shown(office, client_of_dpo):
    """The journal keeps who was shown and by which fields they were looked for, not the words."""
    subject = make_subject(office)
    found(client_of_dpo, make_request(office, applicant_name="Қасымова Әсем"))
    entry, said = last_entry("search")
    assert (said["uids"], said["fields"]) == ([str(subject.uid)], ["name"])
    assert "асымова" not in entry.body


def test_ten_candidates_are_shown_at_most(office, client_of_dpo):
    """More people of that name are not read through one by one: the page asks for something only one of them has."""
    for _number in range(12):
        make_subject(office)
    case = make_request(office, applicant_name="Қасымова")
    context = client_of_dpo.post(address(case, "person")).context
    assert (len(context["found"]), context["more"]) == (10, True)
    assert last_entry("search")[1]["count"] == 10


def test_opening_the_page_finds_nobody_yet(case, office, client_of_dpo):
    """People are shown when they are asked for, and not by an address."""
    make_subject(office)
    assert client_of_dpo.get(address(case, "person"), {"q": "Қасымова"}).context["found"] == []


def test_people_of_another_operator_are_not_found_nor_linked(case, kazger, client_of_dpo):
    """Whoever stands in another register is nobody here."""
    foreign = make_subject(kazger)
    assert found(client_of_dpo, case, q="Қасымова", by="name") == []
    assert refusal_of(link(client_of_dpo, case, foreign)) == ["Choose a person of the register."]
    assert again(case).subject is None


def test_person_is_linked_once(case, office, client_of_dpo):
    """The second of two clicks is told that the case has changed."""
    subject = make_subject(office)
    form = {"subject": subject.pk, "_seen": client_of_dpo.get(address(case, "person")).context["seen"]}
    assert client_of_dpo.post(address(case, "person"), form).url == address(case)
    assert again(case).subject == subject
    assert client_of_dpo.post(address(case, "person"), form).status_code == 409
    assert case.casesteps.count() == 1


def test_another_person_means_another_identity_check(case, office, dpo, client_of_dpo):
    """Who was checked is not who asks any more."""
    identified(case, make_subject(office), dpo)
    link(client_of_dpo, case, make_subject(office))
    assert again(case).identified_at is None


def test_representative_is_one_of_the_persons(case, office, client_of_dpo):
    """A representative of somebody else cannot be slipped in."""
    subject, other = make_subject(office), make_subject(office)
    stranger = authority(other)
    response = link(client_of_dpo, case, subject, representative=stranger.pk)
    assert refusal_of(response) == ["The representative is somebody else’s. Choose one of this person’s."]
    own = authority(subject)
    assert link(client_of_dpo, case, subject, representative=own.pk).status_code == 302
    assert again(case).representative == own


def test_representative_without_authority_gets_no_answer(case, office, client_of_dpo):
    """A power of attorney that had run out when the request came is no authority."""
    subject = make_subject(office)
    expired = authority(subject, valid_until=dt.date(2026, 3, 31))
    link(client_of_dpo, case, subject, representative=expired.pk)
    act(client_of_dpo, case, "identify", method="document")
    response = act(client_of_dpo, case, "answer", language="ru", text="Храним имя.")
    assert refusal_of(response) == [
        "The representative’s authority was not valid when the request came. Ask for the document."
    ]
    assert "not valid when the request came" in client_of_dpo.get(address(case)).content.decode().casefold()


def test_request_for_information_of_nobody_in_the_register_is_answered(case, client_of_dpo):
    """Where the register holds nobody, the identity is checked all the same, and the answer is that nothing is held."""
    assert act(client_of_dpo, case, "identify", method="document").status_code == 302
    text = client_of_dpo.get(address(case, "act", "answer")).context["form"].initial["text"]
    assert "укажите их: поиск будет повторён" in text


@pytest.mark.parametrize(("role", "status"), [("registrar", 200), ("auditor", 403)])
def test_who_may_find_people(role, status, case, office, browser_client):
    """Finding a person shows names: it is for those who see them."""
    client = browser_client(make_user(role, office))
    assert client.post(address(case, "person"), {"q": "Қасымова"}).status_code == status


def test_representative_is_entered_on_the_persons_page(office, client_of_dpo):
    """With the document that gives the authority, for a reason, like all of the person."""
    subject = make_subject(office)
    typed = {
        "representatives-TOTAL_FORMS": "1",
        "representatives-0-name": "Серік Қасымов",
        "representatives-0-authority": "parent",
        "representatives-0-document": "birth certificate 1",
        "representatives-0-valid_from": "2020-01-01",
    }
    response = post(client_of_dpo, subject, **typed)
    assert response.status_code == 302
    assert subject.representatives.get().is_valid(dt.date(2026, 1, 1))
