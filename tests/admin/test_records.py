import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from registry.admin import base
from registry.admin.conflict import seen_token
from registry.models import Consent, Database, DataSubject, JournalEntry, Purpose
from tests.factories import make_purpose, make_subject, make_user, save
from tests.forms import form_fields, last_entry, post, url
from tests.world import make_world

pytestmark = pytest.mark.django_db


def test_change_of_a_person_keeps_the_reason(client_of_dpo, dpo, subject):
    """A person is changed with a reason; history and journal say who, what and why, the journal no value."""
    response = post(client_of_dpo, subject, phone="+7 701 000 00 01", _reason="She called us")
    assert response.status_code == 302
    row = subject.history.first()
    assert (row.phone, row.history_change_reason, row.history_user_id) == ("+77010000001", "She called us", dpo.pk)
    entry, said = last_entry("change")
    assert (said["fields"], said["role"], said["operator"], said["actor"]) == (["phone"], "dpo", "lapp", dpo.pk)
    assert "7010000001" not in entry.body and "called" not in entry.body


def test_change_of_a_person_without_a_reason_saves_nothing(client_of_dpo, subject):
    """Without a reason the form comes back with what was typed."""
    response = post(client_of_dpo, subject, phone="+77010000001", _reason=" ")
    assert response.status_code == 200
    assert "Nothing was saved: a reason is required." in response.content.decode()
    assert 'value="+77010000001"' in response.content.decode()
    subject.refresh_from_db()
    assert subject.phone == "+77077356312"
    assert subject.history.count() == 1


def test_second_save_gets_a_conflict(client_of_dpo, subject):
    """Two officers on one record: the later one is told who was first, and nothing of the first is lost."""
    fields = form_fields(client_of_dpo.get(url(subject)).context, phone="+77010000001")
    post(client_of_dpo, subject, email="asem@example.kz")
    response = client_of_dpo.post(url(subject), fields)
    assert response.status_code == 409
    page = response.content.decode()
    assert "was changed by natalia" in page
    assert "+77010000001" in page  # what was typed is there to be entered again
    subject.refresh_from_db()
    assert (subject.email, subject.phone) == ("asem@example.kz", "+77077356312")


def test_form_is_never_older_than_what_it_says_it_saw(client_of_dpo, subject, monkeypatch):
    """Somebody saves while the page is being made: the page shows it, or else the next save is a conflict."""

    def saved_just_before(*seen):
        monkeypatch.setattr(base, "seen_token", seen_token)
        other = DataSubject.objects.get(pk=subject.pk)
        other.patronymic = "Ержановна"
        save(other)
        return seen_token(*seen)

    monkeypatch.setattr(base, "seen_token", saved_just_before)
    fields = form_fields(client_of_dpo.get(url(subject)).context, email="asem@example.kz")
    client_of_dpo.post(url(subject), fields)
    subject.refresh_from_db()
    assert subject.patronymic == "Ержановна"


def test_conflict_sees_links_too(client_of_dpo, lapp, subject):
    """A consent added meanwhile is a change of the person's record."""
    fields = form_fields(client_of_dpo.get(url(subject)).context)
    save(Consent(subject=subject, purpose=make_purpose(lapp), given_on=dt.date(2025, 1, 1)))
    assert client_of_dpo.post(url(subject), fields).status_code == 409


def test_form_has_plain_labels_help_by_id_and_errors_at_their_fields(client_of_dpo, lapp, subject):
    """Labels stand in a column of their own, without a colon; what is read only is a word; an error is said once, at its field."""
    save(Consent(subject=subject, purpose=make_purpose(lapp), given_on=dt.date(2025, 1, 1)))
    page = client_of_dpo.get(url(subject)).content.decode()
    assert '<label for="id_surname">Surname</label>' in page
    assert '<label>State</label><div class="readonly">active</div>' in page
    assert 'id="id_consents-0-expires_on_helptext"' in page
    wrong = {"iin": "9001013008", "consents-0-expires_on": "soon", "_reason": "typed"}
    page = post(client_of_dpo, subject, **wrong).content.decode()
    assert page.count("this one has 10") == page.count('id="id_iin_error"') + 1 == 2
    assert 'class="flex-container fieldBox field-expires_on errors"' in page


def test_person_with_wrong_iin_is_refused(client_of_dpo, subject):
    """An IIN of another length is refused with what to do, beside its field."""
    response = post(client_of_dpo, subject, iin="9001013008")
    errors = response.context["adminform"].form.errors
    assert errors == {"iin": ["An IIN has 12 digits, this one has 10: were leading zeros lost by a spreadsheet?"]}


def test_same_crm_id_twice_is_refused_in_words(client_of_dpo, lapp, subject):
    """The operator is not on the form, yet its constraints speak."""
    other = make_subject(lapp)
    response = post(client_of_dpo, other, crm_id=subject.crm_id)
    assert "A person of this CRM id is in the register already." in response.content.decode()


def test_opening_a_person_is_a_read(client_of_dpo, subject):
    """Who looked at whom is in the journal."""
    client_of_dpo.get(url(subject))
    entry, said = last_entry()
    assert (said["action"], said["object"], said["uid"]) == ("view", "datasubject", str(subject.uid))
    assert entry.subjects.get().uid == subject.uid


def test_list_of_people_names_the_people_shown(client_of_dpo, lapp, subject):
    """A list is one entry with everybody on the page."""
    other = make_subject(lapp)
    client_of_dpo.get(reverse("admin:registry_datasubject_changelist"))
    _entry, said = last_entry()
    assert said["action"] == "list"
    assert set(said["uids"]) == {str(subject.uid), str(other.uid)}


def test_page_view_writes_no_entry_for_the_register(client_of_dpo, lapp):
    """Reading what holds no personal data is not recorded."""
    purpose = make_purpose(lapp)
    before = JournalEntry.objects.count()
    client_of_dpo.get(url(purpose))
    assert JournalEntry.objects.count() == before


def test_auditor_sees_no_personal_value(lapp, subject, browser_client):
    """An auditor meets people by uid, on the list, on the form, in history and in reasons."""
    client = browser_client(make_user("dpo", lapp))
    post(client, subject, phone="+77010000001", _reason="Said by Қасымова")
    client = browser_client(make_user("auditor", lapp))
    pages = [reverse("admin:registry_datasubject_changelist"), url(subject), url(subject, "history")]
    for page in pages:
        text = client.get(page).content.decode()
        assert subject.uid.hex[-8:] in text
        for value in ("Қасымова", "Әсем", "7077356312", "7010000001"):
            assert value not in text, page


@pytest.mark.parametrize(
    "lookup", ["surname__startswith", "phone__contains", "search_key__contains", "consents__evidence"]
)
def test_auditor_cannot_filter_by_what_is_hidden(lapp, browser_client, lookup):
    """A value that is not shown cannot be guessed letter by letter."""
    client = browser_client(make_user("auditor", lapp))
    response = client.get(reverse("admin:registry_datasubject_changelist"), {lookup: "Қ"})
    assert response.status_code == 400


@pytest.mark.parametrize("name", ["exportrun", "handoverrun"])
def test_auditor_cannot_filter_by_the_reason_of_a_run(lapp, browser_client, name):
    """A reason is free text like any other: it may name a person."""
    client = browser_client(make_user("auditor", lapp))
    response = client.get(reverse(f"admin:registry_{name}_changelist"), {"reason__startswith": "Қ"})
    assert response.status_code == 400


def test_history_page_tells_who_what_why_and_number(client_of_dpo, subject):
    """The history of a record: who, when, from and to, the reason, the journal's number."""
    post(client_of_dpo, subject, phone="+77010000001", _reason="She called us")
    number = last_entry("change")[0].n
    text = client_of_dpo.get(url(subject, "history")).content.decode()
    for said in ("natalia", "<del>+77077356312</del>", "<ins>+77010000001</ins>", "She called us", f"№ {number}"):
        assert said in text
    assert last_entry()[1]["action"] == "history"


def test_history_page_asks_a_fixed_number_of_queries(client_of_dpo, subject, django_assert_max_num_queries):
    """A long history costs no more than a short one."""
    for digit in range(8):
        post(client_of_dpo, subject, phone=f"+7701000000{digit}")
    with django_assert_max_num_queries(40):
        client_of_dpo.get(url(subject, "history"))


def test_history_of_an_activity_tells_of_its_links(client_of_dpo, lapp):
    """Adding a recipient is a change of the activity, told on its page."""
    world = make_world("kazger")
    client_of_dpo.force_login(make_user("dpo", world["operator"]), backend="registry.scope.RoleBackend")
    text = client_of_dpo.get(url(world["processingactivity"], "history")).content.decode()
    assert "recipient of the activity: created" in text


def test_add_gives_the_current_operator(client_of_dpo, lapp):
    """A new record belongs to the operator one works under."""
    add = reverse("admin:registry_purpose_add")
    client_of_dpo.post(add, form_fields(client_of_dpo.get(add).context, code="letters", name_en="Letters"))
    assert Purpose.objects.get(code="letters").operator == lapp
    _entry, said = last_entry("create")
    assert (said["object"], said["operator"]) == ("purpose", "lapp")


def test_delete_is_refused_while_something_refers_to_it(browser_client):
    """What an activity uses cannot be deleted; the page names what refers to it."""
    world = make_world("lapp")
    client = browser_client(make_user("dpo", world["operator"]))
    page = client.get(url(world["purpose"], "delete"))
    assert "It cannot be deleted while other records refer to it:" in page.content.decode()
    fields = {"post": "yes", "_seen": page.context["seen"]}
    assert client.post(url(world["purpose"], "delete"), fields).status_code in (200, 403)
    world["purpose"].refresh_from_db()


def test_journal_failure_is_a_plain_503(client_of_dpo, subject, monkeypatch):
    """Where nothing can be told, nothing is done."""
    from registry.journal import unit

    fields = form_fields(client_of_dpo.get(url(subject)).context, phone="+77010000001")

    def fail(*args, **kwargs):
        raise unit.DatabaseError("disk full")

    monkeypatch.setattr(unit, "_append_locked", fail)
    response = client_of_dpo.post(url(subject), fields)
    assert response.status_code == 503
    subject.refresh_from_db()
    assert subject.phone == "+77077356312"


def test_people_search_goes_by_post_and_keeps_no_term(client_of_dpo, lapp, subject):
    """Found in either letter case, by words in any order; the journal keeps whom, not what was typed."""
    page = reverse("admin:people_search")
    for term in ("ҚАСЫМОВА", "касымова", "әсем қас", "8 707 735 63 12", subject.crm_id):
        response = client_of_dpo.post(page, {"q": term, "by": "any"})
        assert [hit["url"] for hit in response.context["results"]] == [url(subject)], term
        entry, said = last_entry()
        assert (said["action"], said["uids"]) == ("search", [str(subject.uid)])
        assert term.casefold() not in entry.body.casefold()
    assert not client_of_dpo.get(page, {"q": "Қасымова"}).context["results"]


def test_people_search_is_capped(client_of_dpo, lapp, monkeypatch):
    """More than the limit are not shown; the page asks to narrow the search."""
    from registry import search

    monkeypatch.setattr(search, "HITS", 2)
    for _number in range(3):
        make_subject(lapp)
    response = client_of_dpo.post(reverse("admin:people_search"), {"q": "қасымова"})
    assert (len(response.context["results"]), response.context["too_many"]) == (2, True)


def test_form_that_comes_back_is_a_read_too(client_of_dpo, subject):
    """A refused save shows the person again, and that is told like every opening."""
    post(client_of_dpo, subject, _reason="")
    assert last_entry()[1]["action"] == "view"


def test_post_without_a_token_is_a_conflict(client_of_dpo, subject):
    """A form that does not say what it was drawn from overwrites nothing."""
    fields = form_fields(client_of_dpo.get(url(subject)).context, phone="+77010000001")
    del fields["_seen"]
    assert client_of_dpo.post(url(subject), fields).status_code == 409
    subject.refresh_from_db()
    assert subject.phone == "+77077356312"


def test_permission_comes_before_the_conflict(lapp, subject, browser_client):
    """Who may not change is refused, and the refusal told, whatever the form says."""
    client = browser_client(make_user("auditor", lapp))
    assert client.post(url(subject), {"_seen": "zz"}).status_code == 403
    assert last_entry()[1]["action"] == "refused"


def test_search_term_is_cut_and_holds_no_nul(client_of_dpo, lapp):
    """A term of any length or content is searched for, not an error."""
    page = reverse("admin:people_search")
    assert client_of_dpo.post(page, {"q": "\0"}).status_code == 200
    response = client_of_dpo.post(page, {"q": "я" * 300_000})
    assert len(response.context["form_field"]) == 200


def test_refusal_while_the_journal_is_down_is_a_plain_503(client_of_dpo, kazger, monkeypatch):
    """Not even a refusal goes untold."""
    from registry.journal import unit

    foreign = make_subject(kazger)

    def fail(*args, **kwargs):
        raise unit.DatabaseError("disk full")

    monkeypatch.setattr(unit, "_append_locked", fail)
    assert client_of_dpo.get(url(foreign)).status_code == 503
    assert client_of_dpo.post("/admin/login/", {"username": "x", "password": "y"}).status_code == 503


@pytest.mark.parametrize(
    ("page", "model"),
    [
        ("admin:index", "processingactivity"),
        ("admin:registry_processingactivity_changelist", "processingactivity"),
        ("admin:registry_legalbasis_changelist", "legalbasis"),
        ("admin:registry_policy_changelist", "policy"),
    ],
)
def test_lists_cost_the_same_for_many_rows(page, model, browser_client, django_assert_num_queries):
    """More rows, the same number of queries."""
    world = make_world("lapp")
    client = browser_client(make_user("dpo", world["operator"]))

    def one_more(number):
        record = type(world[model]).objects.get(pk=world[model].pk)
        record.pk, record.uid = None, type(record)._meta.get_field("uid").get_default()
        setattr(record, "version" if model == "policy" else "code", f"more-{number}")
        save(record)

    one_more(0)
    client.get(reverse(page))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse(page))
    for number in range(1, 5):
        one_more(number)
    with django_assert_num_queries(len(few)):
        client.get(reverse(page))


def withdrawal(client, consent, **fields):
    page = reverse("admin:registry_consent_withdraw", args=[consent.pk])
    return client.post(page, {"received_on": "2025-03-01", "_reason": "letter of 1 March"} | fields)


def test_withdrawal_is_recorded_with_its_reason(client_of_dpo, dpo, lapp, subject):
    """The officer records that a consent was taken back, when and how; from that day it is no ground."""
    consent = save(Consent(subject=subject, purpose=make_purpose(lapp), given_on=dt.date(2025, 1, 1)))
    assert "Withdraw" in client_of_dpo.get(url(consent)).content.decode()
    assert withdrawal(client_of_dpo, consent).status_code == 302
    consent.refresh_from_db()
    assert consent.withdrawn_by == dpo
    assert consent.history.first().history_change_reason == "letter of 1 March"
    in_force = Consent.objects.in_force
    assert (in_force(dt.date(2025, 2, 28)).exists(), in_force(dt.date(2025, 3, 1)).exists()) == (True, False)
    assert "/withdraw/" not in client_of_dpo.get(url(consent)).content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"received_on": "2024-12-31"}, "comes before the consent of 2025-01-01"),
        ({"received_on": "2999-01-01"}, "2999-01-01 is in the future. Correct the date."),
        ({"_reason": ""}, "This field is required."),
    ],
)
def test_withdrawal_that_cannot_be_is_refused(client_of_dpo, lapp, subject, fields, sentence):
    """Not before the consent, not in the future, not without saying how it came."""
    consent = save(Consent(subject=subject, purpose=make_purpose(lapp), given_on=dt.date(2025, 1, 1)))
    assert sentence in withdrawal(client_of_dpo, consent, **fields).content.decode()
    consent.refresh_from_db()
    assert consent.withdrawn_at is None


def test_auditor_withdraws_nothing(lapp, subject, browser_client):
    """Acts on people are for those who may change them."""
    consent = save(Consent(subject=subject, purpose=make_purpose(lapp), given_on=dt.date(2025, 1, 1)))
    assert withdrawal(browser_client(make_user("auditor", lapp)), consent).status_code == 403


def test_doubtful_iin_is_stored_and_said(client_of_dpo, subject):
    """A control digit that does not match is worth a warning, in the form as in an import."""
    response = post(client_of_dpo, subject, iin="061211600013")
    assert response.status_code == 302
    page = client_of_dpo.get(response.url).content.decode()
    assert "Saved, but look again. IIN: the last digit does not match the others" in page


@pytest.mark.parametrize(("typed", "stored"), [("kz", "KZ"), (" ie ", "IE")])
def test_country_is_stored_in_capitals(client_of_dpo, lapp, typed, stored):
    """However it is typed, the gate finds it."""
    add = reverse("admin:registry_database_add")
    fields = form_fields(client_of_dpo.get(add).context, code="crm", name_en="CRM", country=typed)
    client_of_dpo.post(add, fields)
    assert Database.objects.get(code="crm").country == stored


def test_country_that_is_none_is_refused_with_its_value(client_of_dpo, lapp):
    """“Kazakhstan” is not cut to “Ka”."""
    add = reverse("admin:registry_database_add")
    fields = form_fields(client_of_dpo.get(add).context, code="crm", name_en="CRM", country="Kazakhstan")
    response = client_of_dpo.post(add, fields)
    assert response.context["adminform"].form.errors["country"] == [
        "“Kazakhstan” is no country code. Write two letters of ISO 3166, for example KZ, RU or IE."
    ]


def test_codes_are_read_in_words(browser_client):
    """Who may only read sees words, not codes."""
    world = make_world("lapp")
    page = browser_client(make_user("auditor", world["operator"])).get(url(world["processingactivity"]))
    assert "collection, storage" in page.content.decode()


def test_doubtful_bin_is_stored_and_said(client_of_dpo, lapp):
    """A BIN in official use may fail its control digit (160240017492 does): a warning, not a refusal."""
    response = post(client_of_dpo, lapp, bin="160240017492")
    assert response.status_code == 302
    assert "Saved, but look again. BIN: the last digit" in client_of_dpo.get(response.url).content.decode()
    assert "an IIN, the number of a person" in post(client_of_dpo, lapp, bin="791028302728").content.decode()
