"""Consents and opt-outs as CRMs write them: their words, and what speaks against a consent."""

import datetime as dt

import pytest

from .test_rows_of_crms import row_of, sentences


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", True),
        ("0", False),
        ("TRUE", True),
        ("false", False),
        ("Да", True),
        ("жоқ", False),
        ("отписан", True),
        ("+", True),
        ("'+", True),
        ("'-", False),
        ("", None),
    ],
)
def test_opt_outs(text, value):
    """An opt-out is said in three languages; an empty cell says nothing."""
    assert row_of(["ID", "Email Opt Out"], ["1", text]).values.get("email_opt_out") is value


def test_opt_out_of_everything():
    """One column may say it of all channels."""
    row = row_of(["ID", "Не беспокоить"], ["1", "да"])
    assert (row.values, row.errors) == ({"crm_id": "1", "every_opt_out": True}, [])


def test_consent_to_letters_is_no_opt_out():
    """A word that means yes to a consent is not taken for a yes to an opt-out."""
    assert sentences(row_of(["ID", "Отказ от рассылки"], ["1", "согласен"]).errors) == [
        "Отказ от рассылки “согласен”: write yes or no (да, нет, иә, жоқ), or leave it empty"
    ]


LEGAL = ["ID", "Legal basis for processing contact's data", "Consent date"]


@pytest.mark.parametrize("basis", ["Freely given consent from contact", "Согласие субъекта", "Келісім", ""])
def test_consent_stands_where_the_crm_calls_it_the_ground(basis):
    """HubSpot's column of legal bases is read, not stored."""
    row = row_of(LEGAL, ["1", basis, "2024-01-31"], defaults=["consent_purpose=email-information"])
    assert row.values["consent_given_on"] == dt.date(2024, 1, 31)
    assert (row.values["consent_purpose"], row.warnings) == ("email-information", [])
    assert "legal_basis" not in row.values


ANOTHER_GROUND = "the CRM names another ground than consent: its cells about consent are left out"
DENIED = (
    "the CRM does not say that the consent stands: its cells about consent are left out. If it was withdrawn, record that on the "
    "consent's page"
)


@pytest.mark.parametrize(
    ("basis", "why"),
    [
        ("Legitimate interest – existing customer", ANOTHER_GROUND),
        ("Келісімсіз", ANOTHER_GROUND),
        ("Согласно договору", ANOTHER_GROUND),
        ("Келісімшарт", ANOTHER_GROUND),
        ("Согласие отозвано", DENIED),
        ("Без согласия", DENIED),
        ("Согласие не требуется (договор)", DENIED),
        ("Consent withdrawn", DENIED),
        ("No consent", DENIED),
        ("Келісімі жоқ", DENIED),
    ],
)
def test_another_ground_or_a_denial_is_no_consent(basis, why):
    """A date makes no consent of another ground, nor of the word alone where it is withdrawn, refused or not needed."""
    row = row_of(LEGAL, ["1", basis, "2024-01-31"], defaults=["consent_purpose=email-information"])
    assert row.values == {"crm_id": "1"}
    assert sentences(row.warnings) == [f"Legal basis for processing contact's data “{basis}”: {why}"]


def test_consent_dates_of_a_file_without_purposes_are_left_out():
    """Nobody guesses what the consent was for; the people are imported."""
    row = row_of(["ID", "Имя", "Consent date"], ["1", "Анна", "2024-01-31"])
    assert (row.values, row.errors) == ({"crm_id": "1", "given_name": "Анна"}, [])
