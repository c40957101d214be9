"""Databases in the admin: what is found about their place, and merging two."""

import pytest
from django.urls import reverse

from registry.models import (
    ActivityDatabase,
    ActivityPurpose,
    Database,
    IncompatiblePurposes,
    ProcessingActivity,
    Purpose,
)
from tests.factories import make_norm, make_purpose, make_user, save
from tests.forms import form_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def bases(lapp):
    """“shop” in Kazakhstan for news, “bank” in Germany for credit."""
    for code, country, purpose in (("shop", "KZ", "news"), ("bank", "DE", "credit")):
        base = save(Database(operator=lapp, code=code, name_en=code.capitalize(), country=country))
        activity = save(ProcessingActivity(operator=lapp, code=purpose, name_en=f"Activity of {purpose}"))
        save(ActivityPurpose(activity=activity, purpose=make_purpose(lapp, purpose)))
        save(ActivityDatabase(activity=activity, database=base))
    return Database.objects.get(code="shop"), Database.objects.get(code="bank")


def url(view, base):
    return reverse(f"admin:registry_database_{view}", args=[base.pk])


def test_place_abroad_is_found_on_the_page(bases, dpo, browser_client):
    """The page of a database abroad names the activity without a base in Kazakhstan, with the norm; so does the desk."""
    make_norm("KZ-94-V/12(2)", topics="localisation", verified="verified")
    shop, bank = bases
    client = browser_client(dpo)
    [found] = client.get(url("change", bank)).context["blockers"]
    assert found["message"].startswith("“Activity of credit” keeps its data here, abroad")
    assert found["norm"] == "KZ-94-V art. 12(2)"
    assert client.get(url("change", shop)).context["blockers"] == []
    assert url("change", bank) in [
        row["url"] for row in client.get(reverse("admin:index")).context["desk"]["findings"]["rows"]
    ]


def test_merge_says_what_moves_and_moves_it(bases, dpo, browser_client):
    """The page lists the activities first; the button moves them and closes the database."""
    shop, bank = bases
    client = browser_client(dpo)
    page = client.get(url("merge", bank), {"into": shop.pk})
    assert [link.activity.code for link in page.context["links"]] == ["credit"]
    assert ActivityDatabase.objects.filter(database=bank).exists()
    response = client.post(url("merge", bank), {"into": shop.pk, "_reason": "one system"})
    assert response.url == url("change", shop)
    bank.refresh_from_db()
    assert bank.merged_into == shop and shop.activities.count() == 2


def test_merge_of_incompatible_purposes_shows_why(bases, lapp, dpo, browser_client):
    """No button, but the sentence and the norm; a POST past the page changes nothing."""
    make_norm("KZ-94-V/14", topics="purpose", verified="verified")
    shop, bank = bases
    news, credit = (lapp_purpose.purpose for lapp_purpose in ActivityPurpose.objects.order_by("-purpose__code"))
    save(IncompatiblePurposes(operator=lapp, purpose=news, other=credit))
    client = browser_client(dpo)
    [found] = client.get(url("merge", bank), {"into": shop.pk}).context["blockers"]
    assert found["message"].startswith("“news” and “credit” are incompatible purposes")
    assert found["norm"] == "KZ-94-V art. 14"
    assert client.post(url("merge", bank), {"into": shop.pk}).status_code == 409
    bank.refresh_from_db()
    assert bank.merged_into is None and bank.activities.count() == 1


def test_auditor_merges_nothing(bases, lapp, browser_client):
    """Merging is the officer's."""
    shop, bank = bases
    client = browser_client(make_user("auditor", lapp))
    assert client.post(url("merge", bank), {"into": shop.pk}).status_code == 403


@pytest.mark.parametrize("asked", ["", "0", "x", "987654321", "\u00b2"])
def test_merge_into_nothing_known_asks_again(asked, bases, dpo, browser_client):
    """What is no database of the operator is not merged into."""
    _shop, bank = bases
    response = browser_client(dpo).post(url("merge", bank), {"into": asked})
    assert response.context["into"] is None and bank.activities.count() == 1


def test_declaring_purposes_incompatible_warns_of_what_they_share(bases, lapp, dpo, browser_client):
    """Saved, with the names of the databases; the page of each and the desk find it with the norm from then on."""
    make_norm("KZ-94-V/14", topics="purpose", verified="verified")
    shop, _bank = bases
    save(ActivityDatabase(activity=ProcessingActivity.objects.get(code="credit"), database=shop))
    news, credit = (Purpose.objects.get(code=code) for code in ("news", "credit"))
    page = reverse("admin:registry_purpose_change", args=[news.pk])
    client = browser_client(dpo)
    declared = {"incompatible_with-0-other": credit.pk, "incompatible_with-TOTAL_FORMS": 1}
    saved = client.post(page, form_fields(client.get(page).context, **declared), follow=True)
    assert (
        "Saved, but look again. “news” and “credit” are kept together in “Shop”. Move the data of one elsewhere."
        in [str(each) for each in saved.context["messages"]]
    )
    [found] = client.get(url("change", shop)).context["blockers"]
    assert (found["code"], found["norm"]) == ("incompatible-kept", "KZ-94-V art. 14")
    desk = client.get(reverse("admin:index")).context["desk"]["findings"]["rows"]
    assert [row["url"] for row in desk if row["code"] == "incompatible-kept"] == [url("change", shop)]
