"""Short lists are searched as people are: letter case and alphabet make no difference, on either database."""

import pytest
from django.urls import reverse

from registry.models import Purpose
from tests.factories import make_purpose, make_user

from .test_list_exports import download, rows_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def purposes(lapp):
    make_purpose(lapp, "letters", name_ru="Информирование о товарах", name_kk="Өнімдер туралы хабарлау")
    make_purpose(lapp, "accounts", name_ru="Учёт договоров", name_en="Accounts 100%")


@pytest.mark.parametrize(
    ("term", "codes"),
    [
        ("Информирование", ["letters"]),
        ("ИНФОРМИРОВАНИЕ", ["letters"]),
        ("информирование", ["letters"]),
        ("өнімдер", ["letters"]),
        ("ОНИМДЕР", ["letters"]),
        ("учет", ["accounts"]),
        ("товарах letters", ["letters"]),  # each word anywhere
        ("'о товарах'", ["letters"]),
        ('"товарах о"', []),
        ("Information letters", []),
        ("100%", ["accounts"]),
        ("100_", []),
        ("  ", ["accounts", "letters"]),
        ("'", []),
    ],
)
def test_words_are_found_however_they_are_typed(purposes, browser_client, dpo, term, codes):
    """As a whole or in parts, in any order; a phrase stands in quotation marks; no mark stands for others."""
    answer = browser_client(dpo).get(reverse("admin:registry_purpose_changelist"), {"q": term})
    assert [purpose.code for purpose in answer.context["cl"].result_list] == codes


def test_export_holds_what_the_search_found(purposes, browser_client, dpo):
    """The file is the list that was shown, whatever the database knows of letters."""
    rows, _trailer = rows_of(download(browser_client(dpo), "purpose", "?q=информирование"))
    assert [row[0] for row in rows[1:]] == ["letters"]
    assert Purpose.objects.count() == 2


def test_users_are_found_by_their_name(lapp, browser_client):
    """The administrator has typed no capital letter."""
    client = browser_client(make_user("administrator", username="root"))
    make_user("dpo", lapp, username="natalia", full_name="Иванова Наталья")
    answer = client.get(reverse("admin:registry_user_changelist"), {"q": "иванова"})
    assert [user.username for user in answer.context["cl"].result_list] == ["natalia"]
