"""Acts on a case through its pages: who may, what stands in the way, what is written, and that once is enough."""

import datetime as dt
import re
from urllib.parse import unquote

import pytest
from django.urls import reverse

from registry.journal import unit_of_work
from registry.models import AuthorityRequest, Consent, DeadlineRule, Norm, Suppression
from tests.factories import make_norm, make_purpose, make_request, make_rule, make_subject, make_user, save

from .case_pages import act, address, again, closed, identified, moment, refusal_of

pytestmark = pytest.mark.django_db
RECEIVED = moment("2026-04-01 10:00")
CLOSED = "The case is closed and stays as it is. Open it again: that makes a new case which follows this one."
STRANGER = "It is not established who asks. Check the identity first: an answer to a stranger is a breach."


@pytest.fixture
def office(lapp):
    make_rule("KZ-INFO")
    make_norm("KZ-94-V/25(2)(7)")
    return lapp


def asked(office, kind="information", **fields):
    return make_request(office, kind=kind, received_at=RECEIVED, **fields)


def linked(office, dpo, kind="information"):
    subject = make_subject(office)
    save(Consent(subject=subject, purpose=make_purpose(office), given_on=dt.date(2025, 1, 1)))
    return identified(asked(office, kind), subject, dpo)


def extendable(office, dpo):
    """A case of today whose term can be extended."""
    rule = DeadlineRule.objects.get(code="KZ-INFO")
    rule.extension = 5
    save(rule)
    return identified(make_request(office), make_subject(office), dpo)


def consent_of(case):
    return str(case.subject.consents.get().pk)


def norm_of(case):
    return str(Norm.objects.get(code="KZ-94-V/25(2)(7)").pk)


# act: (how the case stands, what is typed, what is seen afterwards)
ACTS = {
    "sort": (lambda o, d: asked(o, "unsorted"), {"kind": "complaint"}, lambda c: c.kind == "complaint"),
    "identify": (
        lambda o, d: asked(o, subject=make_subject(o)), {"method": "document", "note": "card"},
        lambda c: (c.identity_method, c.identity_note) == ("document", "card"),
    ),
    "record": (
        lambda o, d: asked(o), {"act": "rectified", "note": "in the CRM"},
        lambda c: c.casesteps.get(act="rectified").note == "in the CRM",
    ),
    "withdraw": (
        lambda o, d: linked(o, d, "withdrawal"), {"consents": consent_of, "shown": consent_of},
        lambda c: c.subject.consents.get().withdrawn_at == RECEIVED,
    ),
    "opt-out": (
        lambda o, d: linked(o, d, "opt_out"), {"channels": ["email", "call"]},
        lambda c: {each.channel for each in c.subject.suppressions.all()} == {"email", "call"},
    ),
    "ask-identity": (lambda o, d: asked(o), {"language": "ru", "text": "Кто вы?"}, lambda c: letter(c, "identity")),
    "answer": (linked, {"language": "ru", "text": "Храним имя."}, lambda c: letter(c, "answer")),
    "refuse": (linked, {"language": "ru", "text": "Нет.", "norm": norm_of}, lambda c: letter(c, "refusal").norm),
    "extend": (extendable, {"language": "ru", "text": "Архив."}, lambda c: letter(c, "extension")),
    "close": (
        lambda o, d: answered(linked(o, d), d), {}, lambda c: (c.outcome, c.closed_by.username) == ("met", "natalia"),
    ),
    "close-without-answer": (
        lambda o, d: asked(o), {"outcome": "taken_back", "note": "by phone"}, lambda c: c.outcome == "taken_back",
    ),
    "open-again": (lambda o, d: closed(asked(o), d), {}, lambda c: c.followed_by.get().closed_at is None),
}  # fmt: skip


def letter(case, kind):
    return case.caseletters.get(kind=kind, signed_at=None)


def answered(case, dpo):
    at = RECEIVED + dt.timedelta(hours=2)
    with unit_of_work(by=dpo, role="dpo", operator=case.operator):
        answer = case.draft("answer", by=dpo, at=at, text="Храним имя.")
        answer.sign(by=dpo, at=at)
        answer.mark_sent(by=dpo, at=at, way="handed")
    return again(case)


def typed(fields, case):
    return {name: value(case) if callable(value) else value for name, value in fields.items()}


@pytest.mark.parametrize("name", ACTS)
def test_dpo_acts(name, office, dpo, client_of_dpo):
    """Each act is done from its page, leads back to the case or to what came of it, and says so."""
    prepared, fields, seen = ACTS[name]
    case = prepared(office, dpo)
    response = act(client_of_dpo, case, name, **typed(fields, case))
    assert response.status_code == 302, refusal_of(response)
    assert seen(again(case))
    assert "messagelist" in client_of_dpo.get(response.url).content.decode()


@pytest.mark.parametrize("name", ACTS)
def test_registrar_acts_and_auditor_does_not(name, office, dpo, browser_client):
    """The registrar does everything but sign; the auditor reads, and a refused act leaves the case as it was."""
    prepared, fields, _seen = ACTS[name]
    case = prepared(office, dpo)
    before = case.history.count()
    client = browser_client(make_user("auditor", office))
    page = address(case, "act", name)
    assert (client.get(page).status_code, client.post(page, typed(fields, case)).status_code) == (403, 403)
    assert again(case).history.count() == before
    client = browser_client(make_user("registrar", office, username="reg"))
    fields = typed(fields, case) if name != "close" else {}
    assert act(client, case, name, **fields).status_code == 302


def test_act_of_a_state_bodys_request_needs_no_person(office, client_of_dpo):
    """A ministry proves no identity; nor is there a person to be found."""
    case = save(AuthorityRequest(operator=office, body="Ministry", body_number="1", received_at=RECEIVED))
    assert act(client_of_dpo, case, "answer", language="ru", text="Сообщаем.").status_code == 302
    assert client_of_dpo.get(address(case, "act", "identify")).status_code == 404


@pytest.mark.parametrize("name", ["answer", "refuse"])
def test_answer_to_a_stranger_is_not_written(name, office, client_of_dpo):
    """Without identity the page shows what stands in the way instead of the form, and a form sent all the same is refused."""
    case = asked(office)
    page = client_of_dpo.get(address(case, "act", name))
    assert (page.context["possible"], refusal_of(page)) == (False, [STRANGER])
    response = act(client_of_dpo, case, name, language="ru", text="Храним имя.", norm=norm_of(case))
    assert (response.status_code, refusal_of(response)) == (409, [STRANGER])
    assert not case.caseletters.exists()


@pytest.mark.parametrize("name", [name for name in ACTS if name != "open-again"])
def test_nothing_is_done_in_a_closed_case(name, office, dpo, client_of_dpo):
    """Whatever form was open, a closed case answers with its sentence."""
    case = closed(asked(office), dpo)
    response = act(client_of_dpo, case, name, kind="complaint", note="late", text="late", outcome="duplicate")
    assert (response.status_code, refusal_of(response)) == (409, [CLOSED])


def test_open_case_is_not_opened_again(office, client_of_dpo):
    """What is open goes on."""
    response = act(client_of_dpo, asked(office), "open-again")
    assert refusal_of(response) == ["“Open again” is not needed in this case as it stands."]


def test_case_is_opened_again_once(office, dpo, client_of_dpo):
    """The new case is named to whoever tries a second time."""
    case = closed(asked(office), dpo)
    act(client_of_dpo, case, "open-again")
    response = act(client_of_dpo, case, "open-again")
    follower = case.followed_by.get()
    assert refusal_of(response) == [f"It was opened again already, as {follower.number}. Go on there."]


def test_form_sent_twice_acts_once(office, client_of_dpo):
    """The second of two clicks is told that the case has changed, and what had been written is not lost."""
    case = asked(office)
    page = address(case, "act", "record")
    form = {"_seen": client_of_dpo.get(page).context["seen"], "act": "rectified", "note": "in the CRM"}
    assert client_of_dpo.post(page, form).status_code == 302
    response = client_of_dpo.post(page, form)
    text = response.content.decode()
    assert response.status_code == 409
    assert "was changed by natalia" in text and "in the CRM" in text
    assert case.casesteps.filter(act="rectified").count() == 1


@pytest.mark.parametrize(
    ("name", "reason", "kept"),
    [
        ("record", "She called <us>", ["in the CRM", "She called <us>"]),
        ("record", "", ["in the CRM"]),
        ("opt-out", None, []),  # the number of the case, as the form came with it
    ],
)
def test_text_typed_for_an_act_is_not_lost(name, reason, kept, office, dpo, client_of_dpo):
    """Whoever meets a case that has changed finds every text again, the reason, too; what the form came with is none of theirs."""
    case = identified(asked(office), make_subject(office), dpo)
    page = address(case, "act", name)
    context = client_of_dpo.get(page).context
    form = {"_seen": context["seen"], "act": "rectified", "note": "in the CRM", "channels": "email"}
    act(client_of_dpo, case, "record", act="note", note="meanwhile")
    reason = context["act_reason"] if reason is None else reason
    response = client_of_dpo.post(page, form | {"_reason": reason})
    assert response.status_code == 409
    assert [each["value"] for each in response.context["entered"]] == kept
    assert "<us>" not in response.content.decode()


def test_reason_of_an_act_is_kept(office, client_of_dpo):
    """Why it was done stands in the history of what was changed."""
    case = asked(office, "unsorted")
    act(client_of_dpo, case, "sort", kind="complaint", _reason="She told us on the phone")
    assert case.history.first().history_change_reason == "She told us on the phone"


def test_case_sorted_as_it_is_stays(office, client_of_dpo):
    """Sorting says something new, or nothing is done."""
    response = act(client_of_dpo, asked(office), "sort", kind="information")
    assert refusal_of(response) == ["It is sorted so already. Choose another kind, or leave it."]


def test_identity_of_nobody_is_not_checked(office, client_of_dpo):
    """Where the request is about a person, they are found first."""
    response = act(client_of_dpo, asked(office, "rectification"), "identify", method="document")
    assert refusal_of(response) == ["Find the person first: it is their identity that is checked."]


def test_withdrawal_takes_back_the_consents_chosen(office, dpo, client_of_dpo):
    """Those ticked, and no others; the case is the reason that the consent keeps."""
    case = linked(office, dpo, "withdrawal")
    meant = case.subject.consents.get()
    kept = save(Consent(subject=case.subject, purpose=make_purpose(office, "other"), given_on=dt.date(2025, 1, 1)))
    form = client_of_dpo.get(address(case, "act", "withdraw")).context
    assert form["act_reason"] == case.number
    act(client_of_dpo, case, "withdraw", consents=[meant.pk], shown=meant.pk, _reason=case.number)
    assert meant.history.first().history_change_reason == case.number
    assert Consent.objects.get(pk=kept.pk).withdrawn_at is None


def test_consents_of_others_and_later_ones_are_not_offered(office, dpo, client_of_dpo):
    """A withdrawal means what had been given by then, by this person."""
    case = linked(office, dpo, "withdrawal")
    other = make_subject(office)
    foreign = save(Consent(subject=other, purpose=make_purpose(office, "other"), given_on=dt.date(2025, 1, 1)))
    later = save(Consent(subject=case.subject, purpose=make_purpose(office, "later"), given_on=dt.date(2026, 4, 2)))
    for consent in (foreign, later):
        response = act(client_of_dpo, case, "withdraw", consents=[consent.pk])
        assert "Select a valid choice" in refusal_of(response)[0]
    assert not Consent.objects.filter(withdrawn_at__isnull=False).exists()


def test_withdrawal_without_any_consent_is_recorded_in_words(office, dpo, client_of_dpo):
    """Where nothing stands, nothing is ticked: the page says what to do instead."""
    case = identified(asked(office, "withdrawal"), make_subject(office), dpo)
    assert refusal_of(client_of_dpo.get(address(case, "act", "withdraw"))) == [
        "The person has no consent that was given before and still stands. Record what was done instead."
    ]
    assert client_of_dpo.get(address(case)).context["main"]["label"] == "Record what was done"


def test_opt_out_twice_adds_nothing(office, dpo, client_of_dpo):
    """A channel that is stopped already stays so."""
    case = linked(office, dpo, "opt_out")
    for _time in range(2):
        assert act(client_of_dpo, case, "opt-out", channels=["email"]).status_code == 302
    assert Suppression.objects.count() == 1


def test_term_that_cannot_be_extended_says_so(office, dpo, client_of_dpo):
    """94-V knows no extension."""
    response = client_of_dpo.get(address(linked(office, dpo), "act", "extend"))
    assert refusal_of(response) == ["None of the terms of this case can be extended."]


def test_case_is_not_closed_before_it_is_answered(office, dpo, client_of_dpo):
    """The page says what is missing, every piece of it."""
    case = linked(office, dpo, "rectification")
    assert refusal_of(act(client_of_dpo, case, "close")) == [
        "No answer was sent. Send one, or a refusal with its norm.",
        "What is asked for has not happened: “data changed or added” is not recorded.",
    ]


def test_closing_without_an_answer_gives_a_reason(office, client_of_dpo):
    """A case never disappears without a word."""
    response = act(client_of_dpo, asked(office), "close-without-answer", outcome="duplicate", note=" ")
    assert refusal_of(response) == ["Say why the case is closed without an answer."]


def test_form_drawn_for_another_operator_does_nothing(office, kazger, browser_client):
    """Switched in another tab, the form offers the switch back."""
    client = browser_client(make_user("dpo", office, kazger))
    client.post(reverse("admin:switch_operator"), {"operator": office.pk})
    case = asked(office)
    page = address(case, "act", "record")
    form = {"_seen": client.get(page).context["seen"], "act": "note", "note": "typed"}
    client.post(reverse("admin:switch_operator"), {"operator": kazger.pk})
    assert client.post(page, form).templates[0].name == "admin/other_operator.html"
    assert not case.casesteps.exists()


def test_no_address_holds_anything_personal(office, dpo, client_of_dpo):
    """Links and forms of a case carry ids and words of ours, never a name, an address or what was asked."""
    case = linked(office, dpo)
    pages = [address(case), address(case, "correct"), address(case, "person"), address(case, "history")]
    pages += [address(case, "act", name) for name in ACTS]
    for page in pages:
        text = client_of_dpo.get(page).content.decode()
        for link in re.findall(r'(?:href|action)="([^"]*)"', text):
            for value in ("Қасымова", "Әсем", "7077356312", "@"):
                assert value not in unquote(link), (page, link)
