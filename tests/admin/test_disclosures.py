"""Disclosures in the admin: recorded on the page of the person, refused with the reason, told once; never by name in an address."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.models import Disclosure
from tests.disclosing import make_activity, make_consented, make_disclosure, make_recipient
from tests.factories import make_rule, make_subject, save
from tests.forms import form_fields

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 3, 20)
ADD = reverse("admin:registry_disclosure_add")


@pytest.fixture
def activity(lapp):
    lapp.bin = "241040012133"
    return make_activity(save(lapp))


@pytest.fixture
def courier(lapp):
    return make_recipient(lapp)


def fields_of(client, address, activity, recipient, **changes):
    category = activity.data_categories.get().data_category
    given = {
        "activity": activity.pk, "recipient": recipient.pk, "disclosed_on": "2026-03-20", "ground": "consent",
        "data_categories-0-data_category": category.pk,
    }  # fmt: skip
    return form_fields(client.get(address).context, **given | changes)


def of(person):
    return f"{ADD}?person={person.pk}"


def test_disclosure_is_recorded_for_the_person_whose_page_it_was(activity, courier, client_of_dpo):
    """The form asks for no person and finds none by name; what is saved is about that one."""
    person = make_consented(activity)
    fields = fields_of(client_of_dpo, of(person), activity, courier)
    assert "subject" not in fields and "people" not in fields
    assert client_of_dpo.post(of(person), fields).status_code == 302
    given = Disclosure.objects.get()
    assert (given.subject, given.people, given.data_categories.count()) == (person, 1, 1)


def test_so_many_people_are_recorded_without_a_person(activity, courier, client_of_dpo):
    """A list that was handed over is counted."""
    assert client_of_dpo.post(ADD, fields_of(client_of_dpo, ADD, activity, courier, people=40)).status_code == 302
    given = Disclosure.objects.get()
    assert (given.subject, given.people) == (None, 40)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"disclosed_on": "2025-12-31"}, "The consent for “for-sales” is not in force."),
        ({"data_categories-0-data_category": None}, "Say which data were given: add one category or more."),
        ({"ground": "norm"}, "Name the norm that allows it."),
    ],
)
def test_refusal_comes_back_in_the_form(changes, sentence, activity, courier, client_of_dpo):
    """Nothing is saved, and the form says what to do."""
    person = make_consented(activity)
    response = client_of_dpo.post(of(person), fields_of(client_of_dpo, of(person), activity, courier, **changes))
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert not Disclosure.objects.exists()


def test_category_that_must_not_leave_takes_the_disclosure_along(activity, courier, client_of_dpo):
    """Where the recipient promised nothing the whole record is refused, not its row alone."""
    promise = courier.undertakings.get()
    promise.ends_on = dt.date(2026, 1, 31)
    save(promise)
    person = make_consented(activity)
    response = client_of_dpo.post(of(person), fields_of(client_of_dpo, of(person), activity, courier))
    assert "has not promised confidentiality for that day. Record its undertaking first." in response.content.decode()
    assert not Disclosure.objects.exists()


def test_person_of_another_operator_does_not_exist(activity, kazger, client_of_dpo):
    """An id put into the address finds nobody of somebody else’s."""
    assert client_of_dpo.get(of(make_subject(kazger))).status_code == 404
    assert client_of_dpo.get(f"{ADD}?person=x").status_code == 404


def test_page_of_a_disclosure_is_read_only(activity, courier, client_of_dpo):
    """A post to it changes nothing."""
    given = make_disclosure(make_consented(activity), activity, courier, on=DAY)
    url = reverse("admin:registry_disclosure_change", args=[given.pk])
    assert 'name="recipient"' not in client_of_dpo.get(url).content.decode()
    assert client_of_dpo.post(url, {"given": "x"}).status_code == 403


def test_notice_is_recorded_once(activity, courier, client_of_dpo, dpo):
    """The page says by when and under which norm; afterwards nobody waits any more."""
    make_rule("KZ-TRANSFER-NOTICE", trigger="third_party_transfer", amount=10)
    given = make_disclosure(make_consented(activity), activity, courier, on=DAY, notice_is_condition=True)
    url = reverse("admin:registry_disclosure_tell", args=[given.pk])
    assert "KZ-94-V art. KZ-TRANSFER-NOTICE" in client_of_dpo.get(url).content.decode()
    waiting = {"notice": "overdue" if given.notice_due_on < timezone.localdate() else "open"}
    listed = reverse("admin:registry_disclosure_changelist")
    assert client_of_dpo.get(listed, waiting).context["cl"].result_count == 1
    client_of_dpo.post(url, {"_reason": "letter 5"})
    given.refresh_from_db()
    assert given.notified_by == dpo
    assert client_of_dpo.get(listed, waiting).context["cl"].result_count == 0
    assert client_of_dpo.get(url).status_code == 302


def test_pages_of_person_and_recipient_lead_to_what_was_given(activity, courier, client_of_dpo):
    """Both count it and link to the list of theirs."""
    person = make_consented(activity)
    make_disclosure(person, activity, courier, on=DAY)
    for record in (person, courier):
        page = client_of_dpo.get(reverse(f"admin:registry_{record._meta.model_name}_change", args=[record.pk]))
        [url] = [act["url"] for act in page.context["acts"] if act["label"] == "Disclosures (1)"]
        assert client_of_dpo.get(url).context["cl"].result_count == 1
