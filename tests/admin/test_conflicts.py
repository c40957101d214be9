"""Two officers on one record: what the second had typed is there to be entered again, and nothing is deleted unseen."""

import datetime as dt

import pytest

from registry.models import Consent, Purpose
from tests.factories import make_purpose, make_user, save
from tests.forms import form_fields, last_entry, post, url

pytestmark = pytest.mark.django_db


def consented(subject, lapp):
    purpose = make_purpose(lapp, "news", name_en="News")
    return save(Consent(subject=subject, purpose=purpose, given_on=dt.date(2025, 1, 1)))


def shown(rows):
    return {row["label"]: {each["label"]: each["value"] for each in row["entered"]} for row in rows}


def test_rows_and_reason_that_were_typed_are_not_lost(client_of_dpo, lapp, subject):
    """A new consent and a corrected one are there to be entered again, by the names that the page has for them."""
    consent = consented(subject, lapp)
    page = client_of_dpo.get(url(subject))
    new = {
        "purpose": consent.purpose.pk,
        "kind": "marketing",
        "given_on": "2026-03-01",
        "third_parties": "false",
        "data_list": "name,\n<i>phone</i>",
        "evidence": "paper no. 7",
        "other_terms": "by letter only",
    }
    typed = {f"consents-1-{name}": value for name, value in new.items()} | {
        "consents-TOTAL_FORMS": "2",
        "consents-0-expires_on": "2027-12-31",
        "phone": "+77010000001",
        "_reason": "She came to the desk",
    }
    fields = form_fields(page.context, **typed)
    post(client_of_dpo, subject, email="asem@example.kz")
    response = client_of_dpo.post(url(subject), fields)
    assert response.status_code == 409
    entered = [(each["label"], each["value"]) for each in response.context["entered"]]
    assert {("Phone", "+77010000001"), ("Reason", "She came to the desk")} <= set(entered)
    assert shown(response.context["rows"]) == {
        f"Consent: {consent}": {"Expires on": "2027-12-31"},
        "Consent: #2": {
            "Purpose": str(consent.purpose),
            "Kind": "marketing",
            "Given on": "2026-03-01",
            "May be passed to third parties": "No",
            "Data collected": "name,\n<i>phone</i>",
            "Evidence": "paper no. 7",
            "Other information": "by letter only",
        },
    }
    text = response.content.decode()
    assert "<h3>Consent: #2</h3>" in text
    assert "name,<br>&lt;i&gt;phone&lt;/i&gt;" in text
    assert Consent.objects.get() == consent and consent.expires_on is None


def test_row_that_somebody_took_away_is_shown_as_it_was_typed(client_of_dpo, lapp, subject):
    """Its page does not have it any more; what the second officer said of it is no error."""
    consent = consented(subject, lapp)
    fields = form_fields(client_of_dpo.get(url(subject)).context, **{"consents-0-evidence": "paper no. 7"})
    fields |= {"consents-0-id": "987654321"}
    post(client_of_dpo, subject, email="asem@example.kz")
    response = client_of_dpo.post(url(subject), fields)
    assert response.status_code == 409
    assert shown(response.context["rows"])["Consent: #1"]["Evidence"] == "paper no. 7"
    assert Consent.objects.get() == consent


def test_choice_of_another_operator_is_not_named(client_of_dpo, lapp, kazger, subject):
    """A number typed into a hidden field tells nothing of what it stands for elsewhere."""
    consented(subject, lapp)
    foreign = make_purpose(kazger, "secret", name_en="Secret purpose")
    fields = form_fields(client_of_dpo.get(url(subject)).context, **{"consents-0-purpose": foreign.pk})
    post(client_of_dpo, subject, email="asem@example.kz")
    response = client_of_dpo.post(url(subject), fields)
    [row] = shown(response.context["rows"]).values()
    assert (response.status_code, row) == (409, {"Purpose": str(foreign.pk)})
    assert "Secret" not in response.content.decode()


def confirmed(client, record):
    """What the page that asks before a deletion would send."""
    page = client.get(url(record, "delete"))
    assert f'name="_seen" value="{page.context["seen"]}"' in page.content.decode()
    return {"post": "yes", "_seen": page.context["seen"], "_reason": "twice there"}


def test_record_changed_since_its_deletion_was_asked_about_stays(client_of_dpo, lapp):
    """Whoever confirms is told of the change, and deletes it from its page, or leaves it."""
    purpose = make_purpose(lapp, "news", name_en="News")
    fields = confirmed(client_of_dpo, purpose)
    assert post(client_of_dpo, purpose, name_en="News and offers").status_code == 302
    response = client_of_dpo.post(url(purpose, "delete"), fields)
    text = response.content.decode()
    assert response.status_code == 409
    assert "was changed by natalia" in text and "It was not deleted." in text and "twice there" in text
    assert "Your changes were not saved" not in text and f'href="{url(purpose)}"' in text
    assert Purpose.objects.get() == purpose
    assert client_of_dpo.post(url(purpose, "delete"), confirmed(client_of_dpo, purpose)).status_code == 302
    assert not Purpose.objects.exists()
    assert last_entry("delete")[1]["uid"] == str(purpose.uid)


def test_deletion_that_does_not_say_what_it_saw_deletes_nothing(client_of_dpo, lapp):
    """As with a save: a form without a token has seen nothing."""
    purpose = make_purpose(lapp, "news", name_en="News")
    assert client_of_dpo.post(url(purpose, "delete"), {"post": "yes"}).status_code == 409
    assert Purpose.objects.get() == purpose


def test_who_may_not_delete_is_refused_whatever_was_seen(lapp, browser_client):
    """The right is asked for before what changed is told."""
    purpose = make_purpose(lapp, "news", name_en="News")
    client = browser_client(make_user("auditor", lapp))
    assert client.post(url(purpose, "delete"), {"post": "yes"}).status_code == 403
    assert Purpose.objects.get() == purpose
