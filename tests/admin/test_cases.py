"""Cases at the desk: taken in on a form, listed by urgency, read on a page that says what is next."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from registry.exports.due import due_cases
from registry.models import AuthorityRequest, JournalEntry, SubjectRequest
from tests.factories import make_request, make_rule, make_subject, make_user, save
from tests.forms import last_entry

from .case_pages import act, address, again, closed, fields_of, identified, moment, text_of

pytestmark = pytest.mark.django_db
REQUESTS = "admin:registry_subjectrequest_changelist"


@pytest.fixture
def office(lapp):
    make_rule("KZ-INFO")
    make_rule("KZ-RECTIFY", trigger="rectification_request", amount=1)
    return lapp


def take_in(client, model="subjectrequest", **fields):
    url = reverse(f"admin:registry_{model}_add")
    given = fields_of(client.get(url).context) | fields
    return client.post(url, {name: value for name, value in given.items() if value is not None})


def received(text):
    day, time = text.split()
    return {"received_at_0": day, "received_at_1": time}


ASKED = {
    "kind": "information",
    "channel": "desk",
    "applicant_name": "Қасымова Әсем",
    "demand": "Что вы обо мне храните?",
    "language": "ru",
}
LETTER = {"kind": "authority", "body": "Ministry", "body_number": "17-3/456", "language": "ru"}


def errors_of(response):
    return response.context["adminform"].form.errors


def test_request_is_taken_in_with_its_date_counted(office, client_of_dpo, dpo):
    """The officer enters who asks what and when; number and date come by themselves, and the page of the case opens."""
    response = take_in(client_of_dpo, **ASKED, **received("2026-03-20 10:00"))
    case = SubjectRequest.objects.get()
    assert response.url == address(case)
    assert (case.number, case.due_on, case.received_by) == ("R-2026-0001", dt.date(2026, 3, 30), dpo)
    assert case.received_at == moment("2026-03-20 10:00")  # the time of Almaty


def test_request_is_received_now_unless_said_otherwise(office, client_of_dpo):
    """The form comes with this moment in it."""
    take_in(client_of_dpo, **ASKED)
    assert timezone.now() - SubjectRequest.objects.get().received_at < dt.timedelta(minutes=2)


def test_unsorted_request_is_taken_in(office, client_of_dpo):
    """Nobody has to know at the desk what is asked for."""
    take_in(client_of_dpo, **ASKED | {"kind": "unsorted"}, **received("2026-03-20 10:00"))
    assert SubjectRequest.objects.get().due_on == dt.date(2026, 3, 26)  # the shortest of all terms: one working day


@pytest.mark.parametrize("model", ["subjectrequest", "authorityrequest"])
def test_receipt_in_the_future_is_refused(model, office, client_of_dpo):
    """What has not come yet has no term."""
    fields = LETTER if model == "authorityrequest" else ASKED
    response = take_in(client_of_dpo, model, **fields, **received("2999-01-01 10:00"))
    assert errors_of(response) == {"received_at": ["It cannot have been received in the future. Correct “received”."]}


def test_form_sent_twice_is_one_request(office, client_of_dpo):
    """Pressing twice takes nothing in twice: the second answer names the case."""
    for _time in range(2):
        response = take_in(client_of_dpo, **ASKED, **received("2026-03-20 10:00"))
    assert errors_of(response) == {
        "__all__": ["This is taken in already, as R-2026-0001. Open that case, or correct what is different here."]
    }
    assert SubjectRequest.objects.count() == 1


def test_authority_request_without_a_number_is_refused(office, client_of_dpo):
    """A letter of a state body has a number, or says that it has none."""
    response = take_in(client_of_dpo, "authorityrequest", **LETTER | {"body_number": " "})
    assert errors_of(response) == {
        "body_number": ["A request of a state body has a number. Enter it, or “б/н” where the letter bears none."]
    }
    take_in(client_of_dpo, "authorityrequest", **LETTER | {"body_number": "б/н"})
    assert AuthorityRequest.objects.get().body_number == "б/н"


def test_answer_day_before_receipt_is_refused(office, client_of_dpo):
    """No letter asks for an answer before it came."""
    given = LETTER | {"answer_by_on": "2026-03-19"}
    response = take_in(client_of_dpo, "authorityrequest", **given, **received("2026-03-20 10:00"))
    assert errors_of(response) == {
        "answer_by_on": ["2026-03-19 is before the day the letter was received. Correct one of them."]
    }


def test_receipt_corrected_counts_the_terms_anew(office, client_of_dpo):
    """The envelope bears an earlier date: received on Wednesday, the three days end on Monday."""
    case = make_request(office, received_at=moment("2026-04-02 10:00"))
    url = address(case, "correct")
    fields = fields_of(client_of_dpo.get(url).context) | received("2026-04-01 10:00")
    assert client_of_dpo.post(url, fields).url == address(case)
    case = again(case)
    assert (case.due_on, case.deadlines.get().due_on) == (dt.date(2026, 4, 6), dt.date(2026, 4, 6))


def test_correcting_the_applicant_leaves_the_receipt_alone(office, client_of_dpo):
    """Fields show whole seconds: saving them does not move a receipt that had more."""
    at = moment("2026-04-02 10:00:00.123456")
    case = make_request(office, received_at=at)
    url = address(case, "correct")
    client_of_dpo.post(url, fields_of(client_of_dpo.get(url).context, applicant_name="Қасымова"))
    assert (again(case).received_at, again(case).applicant_name) == (at, "Қасымова")


def test_kind_is_not_corrected_but_sorted(office, client_of_dpo):
    """Who said what is asked for is a step of the case."""
    case = make_request(office, received_at=moment("2026-04-01 10:00"))
    assert "kind" not in client_of_dpo.get(address(case, "correct")).context["adminform"].form.fields


def test_closed_case_is_read_only(office, client_of_dpo, dpo):
    """Its page offers nothing but a new case; a form that was open meanwhile is refused with the sentence."""
    case = make_request(office, received_at=moment("2026-04-01 10:00"))
    fields = fields_of(client_of_dpo.get(address(case, "correct")).context, applicant_name="Somebody")
    case = closed(case, dpo)
    context = client_of_dpo.get(address(case)).context
    assert [each["act"] for group in context["groups"] for each in group["acts"]] == ["open-again"]
    assert (context["main"], context["waiting"], context["may_change"]) == (None, [], False)
    for url in (address(case), address(case, "correct")):
        response = client_of_dpo.post(url, fields)
        assert response.status_code == 409
        assert response.context["refusals"] == [
            "The case is closed and stays as it is. Open it again: that makes a new case which follows this one."
        ]
    assert again(case).applicant_name == ""


def test_page_says_until_when_and_why(office, client_of_dpo):
    """Every term with its arithmetic, its norm and how that was verified; which binds, and why."""
    make_rule("KZ-RIGHTS", trigger="rights_request", amount=1, unit="month")
    case = make_request(office, received_at=moment("2026-03-20 10:00"))
    shown = client_of_dpo.get(address(case)).context["deadlines"]
    first, second = shown["shown"]
    assert (first["is_binding"], second["is_binding"]) == (True, False)
    assert "20.03.2026 (not counted) + 3 working days, without 21.03.2026" in first["arithmetic"]
    assert first["arithmetic"].endswith("= 30.03.2026.")
    assert (first["citation"], "Unverified" in first["verified"].title()) == ("KZ-94-V art. KZ-INFO", True)
    assert shown["why"] == "Of 2 terms this one ends first, and binds."
    assert "overdue" in first["date"]


def test_page_says_where_no_term_is_set(office, client_of_dpo):
    """A complaint has no term in this office: that is said, not left empty."""
    case = make_request(office, kind="complaint")
    text = text_of(client_of_dpo, address(case))
    assert "Neither a law of the operator nor its policy sets a term for this. Answer without delay." in text


def test_page_says_what_is_next(office, client_of_dpo, dpo):
    """From the receipt to the end the page names the next stage and leads there."""
    case = make_request(office, kind="unsorted")

    def following():
        context = client_of_dpo.get(address(case)).context
        return context["now"].label, context["main"]["label"]

    assert following() == ("Sorted", "Sort")
    act(client_of_dpo, case, "sort", kind="rectification")
    assert following() == ("Person found", "Find the person")
    identified(again(case), make_subject(office), dpo)
    assert following() == ("Data changed or added", "Record what was done")
    act(client_of_dpo, case, "record", act="rectified", note="Phone corrected in the CRM")
    assert following() == ("Answered", "Draft the answer")


def test_act_that_is_not_possible_says_why(office, client_of_dpo):
    """What cannot be done yet is listed with what is to be done before, and the norm."""
    case = make_request(office)
    waiting = {each["act"]: each["blockers"] for each in client_of_dpo.get(address(case)).context["waiting"]}
    assert set(waiting) == {"opt-out", "answer", "refuse", "extend", "close"}
    [blocker] = waiting["answer"]
    assert (
        blocker["message"]
        == "It is not established who asks. Check the identity first: an answer to a stranger is a breach."
    )


def test_possible_duplicates_are_named(office, kazger, client_of_dpo):
    """Open requests of the same kind from the same contact or person are named; closed, other and foreign ones are not."""
    subject = make_subject(office)
    case = make_request(office, applicant_contact="asem@example.kz", subject=subject)
    same_contact = make_request(office, applicant_contact="ASEM@example.kz")
    same_person = make_request(office, subject=subject)
    make_request(office, applicant_contact="asem@example.kz", kind="complaint")
    make_request(kazger, applicant_contact="asem@example.kz")
    closed(make_request(office, applicant_contact="asem@example.kz"), None)
    found = client_of_dpo.get(address(case)).context["duplicates"]
    assert {(each["number"], each["why"]) for each in found} == {
        (same_contact.number, "same contact"), (same_person.number, "same person"),
    }  # fmt: skip


def test_requests_are_listed_by_urgency(office, client_of_dpo, dpo):
    """What ends first is on top, what has no term below it, what is closed last."""
    late = make_request(office, received_at=moment("2026-03-20 10:00"))
    later = make_request(office, received_at=timezone.now())
    without = make_request(office, kind="complaint")
    done = closed(make_request(office, received_at=moment("2026-03-01 10:00")), dpo)

    def listed(**query):
        return [case.number for case in client_of_dpo.get(reverse(REQUESTS), query).context["cl"].result_list]

    assert listed() == [each.number for each in (late, later, without, done)]
    assert listed(**{"is": "open"}) == [each.number for each in (late, later, without)]
    assert listed(**{"is": "overdue"}) == [late.number]
    assert listed(**{"is": "closed"}) == [done.number]
    assert listed(q=later.number.removeprefix("R-")) == [later.number]  # a part will do


def test_lists_and_desk_have_one_order(office, client_of_dpo, dpo):
    """Of requests that are due on one day the one that has waited longer comes first, everywhere; of closed ones the last closed."""
    times = ["2026-03-20 10:00", "2026-03-20 09:00", "2026-03-21 10:00", "2026-03-20 10:00"]
    for kind in ("rectification", "unsorted", "complaint", "complaint"):
        for at in times:
            make_request(office, kind=kind, received_at=moment(at))
    done = [closed(make_request(office, received_at=moment(f"2026-03-0{day} 10:00")), dpo) for day in (1, 2)]
    address = reverse(REQUESTS)
    ordered = list(SubjectRequest.objects.open().by_urgency())
    assert len({each.due_on for each in ordered}) < len(ordered)
    assert list(client_of_dpo.get(address, {"is": "open"}).context["cl"].result_list) == ordered
    assert list(client_of_dpo.get(address).context["cl"].result_list) == [*ordered, *reversed(done)]
    due = due_cases(office, timezone.now(), limit=8)
    assert [each.case for each in due] == ordered[:8]


def test_list_is_searched_by_number_only(office, client_of_dpo):
    """A name typed into the list is not looked for, and does not stay in the address."""
    make_request(office, applicant_name="Қасымова", demand="Қасымова", applicant_contact="asem@example.kz")
    for term in ("Қасымова", "asem"):
        response = client_of_dpo.get(reverse(REQUESTS), {"q": term, "is": "open"})
        assert response.url == reverse(REQUESTS) + "?is=open"
    text = text_of(client_of_dpo, response.url)
    assert "Only numbers are looked for here. People are found by the search on top of the page." in text


def test_list_says_when_in_words(office, client_of_dpo):
    """A date alone says little: overdue, due today or in so many days stands beside it."""
    make_request(office, received_at=moment("2026-03-20 10:00"))
    assert "30 Mar 2026 · overdue" in text_of(client_of_dpo, reverse(REQUESTS))


def test_reading_cases_is_told(office, client_of_dpo):
    """Whose requests stood in a list, and whose was opened, is in the journal."""
    subject = make_subject(office)
    case = make_request(office, subject=subject)
    client_of_dpo.get(reverse(REQUESTS))
    assert last_entry("list")[1]["uids"] == [str(subject.uid)]
    client_of_dpo.get(address(case))
    entry, said = last_entry("view")
    assert (said["uid"], entry.subjects.get().uid) == (str(case.uid), subject.uid)


def test_auditor_sees_cases_without_personal_values(office, dpo, browser_client):
    """Numbers, kinds and dates are the auditor's; who asks, in which words, is not, on no page and in no history."""
    case = make_request(office, applicant_name="Қасымова", applicant_contact="asem@example.kz", demand="Мой телефон")
    case = identified(case, make_subject(office), dpo)
    act(browser_client(dpo), case, "record", act="note", note="Позвонили Қасымовой")
    client = browser_client(make_user("auditor", office))
    for page in (reverse(REQUESTS), address(case), address(case, "history")):
        text = text_of(client, page)
        assert case.number in text
        for value in ("Қасымов", "asem@example.kz", "Мой телефон", "7077356312"):
            assert value not in text, page
    assert (client.get(address(case, "correct")).status_code, client.get(address(case, "person")).status_code) == (
        403,
        403,
    )


def test_case_of_another_operator_does_not_exist(office, kazger, client_of_dpo):
    """Neither its page nor any of its acts."""
    foreign = make_request(kazger)
    pages = [address(foreign, view) for view in ("change", "correct", "history", "person")]
    pages += [address(foreign, "act", name) for name in ("sort", "answer", "close", "open-again")]
    for page in pages:
        assert client_of_dpo.get(page).status_code == 404, page
    for page in (*pages, address(foreign, "attach")):
        if not page.endswith("/history/"):
            assert client_of_dpo.post(page, {"_seen": ""}).status_code == 404, page


def test_history_of_a_case_tells_of_its_parts(office, client_of_dpo):
    """Steps and terms are part of the case's history."""
    case = make_request(office)
    act(client_of_dpo, case, "record", act="note", note="Called back", _reason="Asked by phone")
    text = text_of(client_of_dpo, address(case, "history"))
    for said in ("step: created", "deadline: created", "Called back", "Asked by phone"):
        assert said in text


def test_person_page_leads_to_their_requests_and_keeps_its_history(office, client_of_dpo):
    """From a person to what they asked is one click; the address holds an id and no name."""
    subject, other = make_subject(office), make_subject(office)
    case = make_request(office, subject=subject)
    make_request(office, subject=other)
    acts = client_of_dpo.get(address(subject)).context["acts"]
    [link] = [each for each in acts if each["label"] == "Requests (1)"]
    assert [each.pk for each in client_of_dpo.get(link["url"]).context["cl"].result_list] == [case.pk]
    assert client_of_dpo.get(address(subject, "history")).status_code == 200


def test_page_costs_the_same_for_a_long_case(office, client_of_dpo):
    """A case of many steps is read with as many queries as a short one."""
    case, costs = make_request(office), []
    for more in (1, 11):
        for number in range(more):
            act(client_of_dpo, case, "record", act="note", note=f"Step {number}")
        with CaptureQueriesContext(connection) as queries:
            client_of_dpo.get(address(case))
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 75


def test_export_of_the_list_is_a_file_of_what_it_shows(office, client_of_dpo):
    """The list leaves with its columns, for a reason, and names whose requests they are only to who may see it."""
    case = make_request(office, subject=make_subject(office))
    url = reverse("admin:registry_subjectrequest_export")
    file = client_of_dpo.post(url, {"format": "csv", "reason": "for the auditor"})
    text = b"".join(file.streaming_content).decode()
    assert case.number in text
    assert "Қасымова Әсем" in text
    assert JournalEntry.objects.filter(action="export.finish").exists()


def test_second_officer_correcting_is_told(office, client_of_dpo):
    """Two at once correct the same case: the later one is told, nothing of the first is lost, nor what the second typed."""
    case = make_request(office)
    url = address(case, "correct")
    typed = {"applicant_name": "Second", "applicant_contact": "<b>2@example.kz</b>", "_reason": "She wrote again"}
    fields = fields_of(client_of_dpo.get(url).context, **typed)
    client_of_dpo.post(url, fields_of(client_of_dpo.get(url).context, applicant_name="First"))
    response = client_of_dpo.post(url, fields)
    assert (response.status_code, again(case).applicant_name) == (409, "First")
    assert [each["value"] for each in response.context["entered"]] == list(typed.values())
    text = response.content.decode()
    assert "<dd>She wrote again</dd>" in text and "<dd>&lt;b&gt;2@example.kz&lt;/b&gt;</dd>" in text


def test_what_was_typed_of_a_letter_of_a_state_body_is_not_lost(office, client_of_dpo):
    """Whoever corrected it second finds the body, its number and the day again."""
    case = save(AuthorityRequest(operator=office, body="Ministry", body_number="1", received_at=timezone.now()))
    url = address(case, "correct")
    typed = {"body": "Akimat", "body_number": "17-3/456", "body_letter_on": "2026-03-19"}
    fields = fields_of(client_of_dpo.get(url).context, **typed, _reason="")
    client_of_dpo.post(url, fields_of(client_of_dpo.get(url).context, body="Prosecutor"))
    response = client_of_dpo.post(url, fields)
    assert (response.status_code, again(case).body) == (409, "Prosecutor")
    assert [each["value"] for each in response.context["entered"]] == list(typed.values())
