"""The exports of six kinds of CRM, as they come: nothing has to be mapped by hand."""

import datetime as dt

import pytest

from registry.models import Agreement, Consent, DataSubject, Suppression

pytestmark = pytest.mark.django_db

SURNAME, GIVEN, PATRONYMIC = "Есенова", "Асель", "Нұрланқызы"
PERSON = {
    "surname": SURNAME,
    "given_name": GIVEN,
    "patronymic": PATRONYMIC,
    "email": "asel@example.kz",
    "phone": "+77011234567",
    "birth_date": dt.date(1985, 5, 9),
}
STYLES = {
    "plain": (
        "crm_id,surname,given_name,patronymic,iin,email,phone,birth_date,language,consent_purpose,consent_given_on,"
        "consent_channel,consent_expires_on,third_parties,cross_border,publication,agreement_number,agreement_on\n"
        "C1,Есенова,Асель,Нұрланқызы,850509467873,asel@example.kz,+77011234567,1985-05-09,kk,email-information,2024-01-31,"
        "web form,2034-01-31,yes,no,no,A-1,2024-01-31\n"
    ),
    "bitrix24": (
        "ID;Фамилия;Имя;Отчество;ИИН;Рабочий e-mail;Мобильный телефон;Дата рождения;Язык;Цель согласия;Дата согласия;"
        "Источник согласия;Согласие действует до;Передача третьим лицам;Трансграничная передача;Публикация;Номер договора;"
        "Дата договора\n"
        "C1;Есенова;Асель;Нұрланқызы;850509467873;asel@example.kz;8 (701) 123-45-67;09.05.1985;kk;email-information;31.01.2024;"
        "web form;31.01.2034;да;нет;нет;A-1;31.01.2024\n"
    ),
    "amocrm": (
        "ID,Полное имя контакта,ИИН,Рабочий email,Мобильный телефон,Дата согласия,Цель согласия,Источник согласия\n"
        "C1,Есенова Асель Нұрланқызы,850509467873,asel@example.kz,'+77011234567,31.01.2024,email-information,written\n"
    ),
    "hubspot": (
        "Record ID,First Name,Last Name,Email,Phone Number,Date of birth,Legal basis for processing contact's data,Consent date\n"
        "C1,Асель,Есенова,asel@example.kz,+77011234567,1985-05-09,Freely given consent from contact,2024-01-31\n"
    ),
    "salesforce": (
        "Contact ID,Last Name,First Name,Middle Name,Email,Mobile,Birthdate,Email Opt Out\n"
        "C1,Есенова,Асель,Нұрланқызы,asel@example.kz,8 (701) 123-45-67,1985-05-09,1\n"
    ),
    "1c": (
        "Код;Наименование;ИИН;Телефон;АдресЭП;ДатаРождения\n"
        "C1;Есенова Асель Нұрланқызы;850509467873;8 (701) 123-45-67;asel@example.kz;09.05.1985\n"
    ),
}
WITHOUT = {"amocrm": {"birth_date"}, "hubspot": {"patronymic"}}


@pytest.mark.parametrize("style", STYLES)
def test_export_of_a_crm_needs_no_mapping(crm, style):
    """The person is the same, whichever CRM wrote the file."""
    run = crm.load(STYLES[style].encode())
    assert crm.counts(run) == {"new": 1}
    subject = DataSubject.objects.get()
    absent = WITHOUT.get(style, set())
    assert {name: getattr(subject, name) for name in PERSON if name not in absent} == {
        name: value for name, value in PERSON.items() if name not in absent
    }
    assert not [sentence for sentence in run.warnings if sentence.startswith("Columns not imported")]


@pytest.mark.parametrize(
    ("style", "consents", "agreements"), [("bitrix24", 1, 1), ("amocrm", 1, 0), ("hubspot", 0, 0), ("1c", 0, 0)]
)
def test_consents_come_with_the_styles_that_name_their_purpose(crm, style, consents, agreements):
    """HubSpot writes when consent was given and not for what: nobody guesses a purpose."""
    run = crm.load(STYLES[style].encode())
    assert (Consent.objects.count(), Agreement.objects.count()) == (consents, agreements)
    assert any(sentence.startswith("No column names the purpose") for sentence in run.warnings) == (style == "hubspot")


def test_purpose_said_for_the_file_makes_the_consents(crm):
    """With a purpose as default HubSpot's dates become consents; another ground than consent does not."""
    other = "C2,Анна,Ким,,,,Performance of a contract,2024-01-31\n"
    run = crm.load((STYLES["hubspot"] + other).encode(), defaults=("consent_purpose=email-information",))
    consent = Consent.objects.get()
    assert (consent.subject.crm_id, consent.given_on) == ("C1", dt.date(2024, 1, 31))
    assert crm.counts(run) == {"new": 2}


def test_opt_out_of_a_crm_stands(crm):
    """Email Opt Out of Salesforce becomes an opt-out of e-mail."""
    crm.load(STYLES["salesforce"].encode())
    assert Suppression.objects.get().channel == "email"
