import pytest

from registry.imports.headers import FIELDS, field_of

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
    "full_name": ("Аты-жөні", "ФИО", "Contact name"),
    "legal_basis": ("Құқықтық негіз", "Правовое основание", "Lawful basis"),
}


@pytest.mark.parametrize("field", [field for field in FIELDS if field != SAID_BY_HAND])
def test_header_of_every_field_is_known_in_three_languages(field):
    """Whatever the importer takes, a file may call it in Kazakh, Russian or English."""
    assert [field_of(header) for header in HEADERS[field]] == [field] * 3
