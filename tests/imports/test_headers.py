import pytest

from registry.imports.headers import FIELDS, field_of, is_mobile

# No header tells in which order a full name is written: that the given name stands first is said by hand.
SAID_BY_HAND = "full_name_given_first"
# A header of each field in Kazakh, Russian and English, none of them the field's own name.
HEADERS = {
    "crm_id": ("Клиент коды", "Идентификатор", "Contact ID"),
    "surname": ("Тегі", "Фамилия", "Last Name"),
    "given_name": ("Есімі", "Имя", "First Name"),
    "patronymic": ("Әкесінің аты", "Отчество", "Middle Name"),
    "iin": ("ЖСН", "ИИН", "Individual identification number"),
    "email": ("Электрондық пошта", "Электронная почта", "E-mail address"),
    "phone": ("Ұялы телефон", "Мобильный телефон", "Mobile phone"),
    "birth_date": ("Туған күні", "Дата рождения", "Date of birth"),
    "language": ("Қарым-қатынас тілі", "Язык общения", "Preferred language"),
    "consent_purpose": ("Келісім мақсаты", "Цель согласия", "Purpose of consent"),
    "consent_given_on": ("Келісім күні", "Дата согласия", "Consent date"),
    "consent_channel": ("Келісім көзі", "Источник согласия", "Consent source"),
    "consent_expires_on": ("Келісім мерзімі", "Согласие до", "Consent until"),
    "third_parties": ("Үшінші тұлғалар", "Третьи лица", "Transfer to third parties"),
    "cross_border": ("Трансшекаралық беру", "Трансграничная передача", "Cross-border transfer"),
    "publication": ("Жариялау", "Публикация", "Published"),
    "agreement_number": ("Шарт нөмірі", "№ договора", "Contract number"),
    "agreement_on": ("Шарт күні", "Дата договора", "Contract date"),
    "email_opt_out": ("Хат жібермеу", "Отказ от рассылки", "Do not email"),
    "call_opt_out": ("Қоңырау шалмау", "Не звонить", "Do not call"),
    "message_opt_out": ("SMS жібермеу", "Отказ от SMS", "Do not text"),
    "every_opt_out": ("Мазаламау", "Не беспокоить", "Do not contact"),
    "consent_stands": ("Келісім", "Согласие на обработку ПДн", "Has consent"),
    "consent_withdrawn": ("Келісімді қайтарып алу күні", "Дата отзыва согласия", "Consent withdrawal date"),
    "full_name": ("Аты-жөні", "ФИО", "Contact name"),
    "legal_basis": ("Құқықтық негіз", "Правовое основание", "Lawful basis"),
}


# As lists and CRMs write them, with what they remark of the form of a cell.
MORE = {
    "Фамилия Имя Отчество": "full_name",
    "Фамилия, имя, отчество": "full_name",
    "Тегі, аты, әкесінің аты": "full_name",
    "ФИО (полностью)": "full_name",
    "ИИН (12 цифр)": "iin",
    "ИИН/БИН": "iin",
    "Дата рождения (дд.мм.гггг)": "birth_date",
    "Отчество (при наличии)": "patronymic",
    "Әкесінің аты (бар болса)": "patronymic",
    "Моб. телефон": "phone",
    "Телефон (мобильный)": "phone",
    "Телефон клиента": "phone",
    "Отписан от рассылок": "email_opt_out",
    "Отказ от e-mail": "email_opt_out",
    "Отказ от SMS-рассылки": "message_opt_out",
    "Отказ от рекламных рассылок": "every_opt_out",
    "Opt Out": "every_opt_out",
    # Somebody else's, or which one nobody can tell.
    "Телефон (доверенного лица)": "",
    "Second Name": "",
    "Согласие супруга": "",
}


@pytest.mark.parametrize(("header", "field"), MORE.items())
def test_header_with_a_remark_is_known(header, field):
    """What stands in brackets is passed over where it says how a cell is written, and never where it says whose it is."""
    assert field_of(header) == field


def test_mobile_number_in_brackets_goes_before_others():
    """The remark tells which phone it is."""
    assert is_mobile("Телефон (мобильный)") and not is_mobile("Телефон (рабочий)")


@pytest.mark.parametrize("field", [field for field in FIELDS if field != SAID_BY_HAND])
def test_header_of_every_field_is_known_in_three_languages(field):
    """Whatever the importer takes, a file may call it in Kazakh, Russian or English."""
    assert [field_of(header) for header in HEADERS[field]] == [field] * 3
