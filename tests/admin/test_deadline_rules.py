"""The lists of terms and moved days: what an officer checks a due date against."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from registry.models import DayOverride
from tests.factories import make_norm, make_rule, save

pytestmark = pytest.mark.django_db


@pytest.fixture
def cells(browser_client, dpo):
    client = browser_client(dpo)

    def cells(model):
        """The rows of a list as a person reads them."""
        text = client.get(reverse(f"admin:registry_{model}_changelist")).content.decode()
        rows = re.findall(r"<tr.*?</tr>", text, re.DOTALL)[1:]
        return [
            [" ".join(strip_tags(cell).split()) for cell in re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL)]
            for row in rows
        ]

    return cells


def test_rules_are_listed_with_their_term_norm_and_period(cells, lapp):
    """Every rule says from what it counts, how long, with which extension, on which norm and how surely, and when it is in force."""
    make_norm("RU-152-FZ/RU-INFO", law="RU-152-FZ", verified="secondary")
    make_rule("RU-INFO", law="RU-152-FZ", amount=10, extension=5, valid_from=dt.date(2022, 9, 1))
    make_rule("RU-OLD", law="RU-152-FZ", amount=30, unit="day", valid_until=dt.date(2022, 8, 31))
    make_rule("RU-BOTH", law="RU-152-FZ", valid_from=dt.date(2023, 3, 1), valid_until=dt.date(2029, 2, 28))
    make_rule("KZ-START", trigger="processing_start", amount=0, unit="before_event")
    asked = "request for information"
    assert cells("deadlinerule") == [
        ["KZ-94-V", "KZ-START", "start of processing", "before the event", "KZ-START unverified", "—"],
        ["RU-152-FZ", "RU-BOTH", asked, "3 working days", "RU-BOTH unverified", "1 Mar 2023 – 28 Feb 2029"],
        [
            "RU-152-FZ", "RU-INFO", asked, "10 working days, extendable once by 5 working days", "RU-INFO secondary source",
            "from 1 Sep 2022",
        ],
        ["RU-152-FZ", "RU-OLD", asked, "30 calendar days", "RU-OLD unverified", "until 31 Aug 2022"],
    ]  # fmt: skip


def test_moved_days_are_listed_with_their_decision(cells, lapp):
    """Every moved day says which day of the week it is, whether it is worked, and who decided so; the latest first."""
    save(DayOverride(country="KZ", day_on=dt.date(2026, 5, 28), is_working=False, source="Decree 12"))
    save(DayOverride(country="KZ", day_on=dt.date(2026, 5, 30), is_working=True, source="Decree 13"))
    assert cells("dayoverride") == [
        ["30 May 2026", "Saturday", "KZ", "Yes", "Decree 13"],
        ["28 May 2026", "Thursday", "KZ", "No", "Decree 12"],
    ]


@pytest.mark.parametrize(
    ("model", "text"), [("deadlinerule", "manage.py load_laws"), ("dayoverride", "a decision made")]
)
def test_empty_list_says_where_its_rows_come_from(model, text, browser_client, dpo):
    """Nobody adds a rule or a day here: the empty list says what brings them."""
    page = browser_client(dpo).get(reverse(f"admin:registry_{model}_changelist")).content.decode()
    assert text in page
    assert f"/registry/{model}/add/" not in page
