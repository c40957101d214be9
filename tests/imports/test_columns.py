import time

import pytest

from registry.imports.columns import FIELDS, fields_of, mapping_lines, match_columns
from registry.imports.headers import ALIASES, field_of, folded
from registry.imports.inspection import FileAsks, FileRefused

BITRIX24 = (
    "ID;Фамилия;Имя;Отчество;ИИН;Рабочий e-mail;Мобильный телефон;Дата рождения;Язык;Цель согласия;Дата согласия;"
    "Источник согласия;Согласие действует до;Передача третьим лицам;Трансграничная передача;Публикация;Номер договора;"
    "Дата договора"
).split(";")


@pytest.mark.parametrize("header", [BITRIX24, list(FIELDS), [field.upper() for field in FIELDS]])
def test_headers_of_known_exports_need_no_mapping(header):
    """The canonical header and Bitrix24's are the same eighteen fields in the same order; opt-outs and full names follow."""
    columns = match_columns(header)
    assert columns.places == {field: at for at, field in enumerate(FIELDS[: len(header)])}
    assert (columns.unknown, columns.refused) == ([], [])


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Тегі", "surname"),
        ("Last Name", "surname"),
        ("ＬＡＳＴ＿ＮＡＭＥ", "surname"),
        ("әкесінің аты", "patronymic"),
        ("ЖСН", "iin"),
        ("Date of Birth", "birth_date"),
        ("Ұялы телефон", "phone"),
        ("\ufeffe-mail", "email"),
    ],
)
def test_aliases_in_three_languages(header, field):
    """A header is known in English, Russian and Kazakh, in any letter case and width."""
    assert match_columns(["crm_id", header]).places[field] == 1


def test_column_without_a_header_is_called_by_its_number():
    """A sentence about its cells says where they stand."""
    columns = match_columns(["crm_id", " ", "surname"], mapping=("#2=phone",))
    assert (columns.label("phone"), columns.label("surname")) == ("column 2", "surname")


def test_identity_and_state_are_never_imported():
    """What a record is and in which state it stands cannot be set by a file: such columns are listed."""
    columns = match_columns(["crm_id", "Имя", "blocked", "uid", "id", "is_superuser", "history_id", "State", "Заметка"])
    assert columns.places == {"crm_id": 0, "given_name": 1}
    assert columns.refused == ["blocked", "uid", "id", "is_superuser", "history_id", "State"]
    assert columns.unknown == ["Заметка"]


@pytest.mark.parametrize("header", [["ID", "Код клиента", "Имя"], ["External ID", "id", "Имя"]])
def test_of_two_ids_nobody_guesses(header):
    """A number that another system added to the export must not become the key of everybody."""
    with pytest.raises(FileAsks, match="Columns 1, 2 all hold “crm_id”"):
        match_columns(header)
    assert match_columns(header, mapping=(f"{header[1]}=",)).places == {"crm_id": 0, "given_name": 2}


def test_file_without_a_name_says_so_once():
    """Each row of somebody new is rejected for it, so the file says what is to be done."""
    told = (
        "No column is known to hold a name, so nobody new can be taken. If one does, say so on the page of the columns, or give it "
        'as --map "HEADER=full_name".'
    )
    assert match_columns(["ID", "Кто это"]).notes() == [told]
    assert match_columns(["ID", "Кто это"], mapping=("Кто это=full_name",)).notes() == []
    assert match_columns(["ID", "Телефон"]).notes() == [], "what is said of known people needs no names"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (
            ["Фамилия", "Имя"],
            "No column holds the id of the person in the CRM. The first line must name the columns: say which one it is "
            '(in a command: --map "HEADER=crm_id"), or say the delimiter if it was not found. Columns found: “Фамилия”, “Имя”.',
        ),
        (
            ["ID", "Тегі", "Имя", "Фамилия"],
            "Columns 2, 4 all hold “surname”. Leave all but one out (in a command: --map "
            '"HEADER="), or rename them in the export. They are called “Тегі”, “Фамилия”.',
        ),
        (
            ["ID", "Имя", "Имя"],
            "Columns 2, 3 all hold “given_name”. Leave all but one out (in a command: --map "
            '"HEADER="), or rename them in the export. They are called “Имя”, “Имя”.',
        ),
    ],
)
def test_header_that_leaves_doubt_is_refused(header, reason):
    """Without the key, or with two columns for one field, nothing is guessed."""
    with pytest.raises(FileRefused) as refusal:
        match_columns(header)
    assert refusal.value.told == reason
    assert not any(name in str(refusal.value) for name in header)


def test_mapping_by_hand():
    """A mapping overrides the aliases: the field is taken from that column and nowhere else."""
    header = ["Код контакта", "E-mail", "Рабочий e-mail", "a=b"]
    columns = match_columns(header, mapping=["код контакта=crm_id", "Рабочий e-mail=email", "a=b=phone"])
    assert columns.places == {"crm_id": 0, "email": 2, "phone": 3}
    assert columns.unknown == ["E-mail"]
    assert match_columns(["ID", "Имя", "Фамилия"], mapping=["Имя="]).places == {"crm_id": 0, "surname": 2}


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ("Имя", "legal_basis. “Имя” is none."),
        ("Имя=uid", "legal_basis. “Имя=uid” is none."),
        (
            "Name=surname",
            "The file has no column of a name that was mapped. Map the columns it has. It has no “Name”. Columns found: "
            "“ID”, “Имя”.",
        ),
    ],
)
def test_mapping_of_what_is_not_there_is_refused(mapping, reason):
    """A mapping names a column of the file and a field of a person, consent or agreement, no other."""
    with pytest.raises(FileRefused) as refusal:
        match_columns(["ID", "Имя"], mapping=[mapping])
    assert refusal.value.told.endswith(reason)
    assert "Имя" not in str(refusal.value)


def test_defaults():
    """A default fills empty cells of a field; the key has none."""
    assert match_columns(["ID"], defaults=["language = kk"]).defaults == {"language": "kk"}
    for text in ("crm_id=C1", "state=active", "language"):
        with pytest.raises(
            FileRefused, match="^A default is written field=value with one of the fields: surname"
        ) as it:
            match_columns(["ID"], defaults=[text])
        assert it.value.told.endswith(f"every_opt_out. “{text}” is none.")
    with pytest.raises(
        FileRefused, match="^The default of “consent_channel” has a line break in it: put it on one line.$"
    ):
        match_columns(["ID"], defaults=["consent_channel=web\nphone=+77011234567"])


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        (["ID", "Имя", "Заметка"], ["ID", "Имя", "Заметка"]),
        (["ID", "Имя", "UF_CRM_1567890123"], ["ID", "Имя", "UF_CRM_1567890123"]),
        (["ID", "Имя", "Этаж 1234"], ["ID", "Имя", "Этаж 1234"]),
        (["ID", "Имя", "Этаж 12345"], ["ID", "Имя", "column 3"]),
        (["ID", "8 (701) 000-00-01", "Иванов"], ["ID", "column 2", "column 3"]),
        (["C1", "Иванов", "28.10.1979"], ["column 1", "column 2", "column 3"]),
        (["C1", "", "ivan@example.kz"], ["column 1", "", "column 3"]),
        (["C1", "Иванов", "Иван"], ["column 1", "column 2", "column 3"]),
        (["ID", "C1", "Иванов"], ["ID", "C1", "Иванов"]),
        (["ID", "uid", "a@b", "surname"], ["ID", "uid", "column 3", "surname"]),
        *(
            (["ID", "Note", header], ["ID", "Note", header])
            for header in (
                "Согласие (152-ФЗ от 27.07.2006)",
                "Согласие от 27.07.2006",
                "Consent under (EU) 2016/679 of 27/04/2016",
                "GDPR 2016/679",
                "№94-V (21.05.2013), келісім",
                "Consent dated 2024-01-15",
            )
        ),
        *(
            (["ID", "Note", header], ["ID", "column 2", "column 3"])
            for header in (
                "Иванов 28.10.1979",
                "от 27.07.2006 8 701 000-00-01",
                "152-ФЗ 870101300123",
                "от 27.07.20067",
                "Договор 2016/679",
                "28.10.1979",
            )
        ),
    ],
)
def test_header_that_looks_like_data_is_not_kept(header, kept):
    """One cell with a number or an address in it, and the line may be a person's row: what is not known is numbered."""
    columns = match_columns(header, mapping=[] if "ID" in header else ["C1=crm_id"])
    assert columns.header == kept
    assert set(columns.unknown) <= set(kept)


def test_headers_of_ten_thousand_signs_are_judged_at_once():
    """A header is no way to keep the server busy."""
    begun = time.process_time()
    for text in (
        " " * 9999 + "x",
        "x" * 10_000,
        "1 " * 4999,
        "a-" * 4999,
        "№" * 9999,
        "(" * 9999,
        "от 1." * 1999,
        "eu " * 3333,
    ):
        match_columns(["ID", *[text] * 10], mapping=["ID=crm_id"])
    assert time.process_time() - begun < 3


def test_no_header_stands_for_two_fields():
    """An alias is one field's, written together or apart."""
    fields = {}
    for field, aliases in ALIASES.items():
        for alias in filter(None, aliases.split(";")):
            fields.setdefault(folded(alias).replace(" ", ""), set()).add(field)
    assert [alias for alias, found in fields.items() if len(found) > 1] == []


STYLES = {
    "amocrm": (
        "ID,Полное имя контакта,ИИН,Рабочий email,Мобильный телефон,Дата согласия,Цель согласия,Источник согласия",
        "crm_id full_name iin email phone consent_given_on consent_purpose consent_channel",
    ),
    "hubspot": (
        "Record ID,First Name,Last Name,Email,Phone Number,Date of birth,Legal basis for processing contact's data,Consent date",
        "crm_id given_name surname email phone birth_date legal_basis consent_given_on",
    ),
    "salesforce": (
        "Contact ID,Last Name,First Name,Middle Name,Email,Mobile,Birthdate,Email Opt Out",
        "crm_id surname given_name patronymic email phone birth_date email_opt_out",
    ),
    "1c": ("Код,Наименование,ИИН,Телефон,АдресЭП,ДатаРождения", "crm_id full_name iin phone email birth_date"),
    "қазақша": (
        "Клиент коды,Аты-жөні,ЖСН,Ұялы телефон,Электрондық пошта,Туған күні,Қоңырау шалмау,Келісім күні",
        "crm_id full_name iin phone email birth_date call_opt_out consent_given_on",
    ),
    "английский": (
        "Id,FullName,HasOptedOutOfEmail,DoNotCall,Unsubscribed from all email",
        "crm_id full_name email_opt_out call_opt_out email_opt_out",
    ),
    "opt-outs": ("ID,Отказ от рассылки,Не звонить,Отказ от SMS", "crm_id email_opt_out call_opt_out message_opt_out"),
}


@pytest.mark.parametrize("style", STYLES)
def test_headers_of_crms_are_known(style):
    """The headers of the usual CRMs need no word from anybody."""
    header, fields = STYLES[style]
    assert [field_of(name) for name in header.split(",")] == fields.split()


def test_several_phones_and_addresses():
    """All columns of phones and e-mails are read; mobile numbers are looked at first, else the order is the file's."""
    header = ["ID", "Рабочий телефон", "E-mail", "Phone 2", "Мобильный телефон", "E-mail (2)", "Телефон №3", "Имя 2"]
    columns = match_columns(header)
    assert columns.several == {"phone": [4, 1, 3, 6], "email": [2, 5]}
    assert (columns.places["phone"], columns.places["email"]) == (4, 2)
    assert columns.fields == ["crm_id", "phone", "email", "phone", "phone", "email", "phone", ""]
    assert columns.unknown == ["Имя 2"]


def test_column_by_its_number():
    """A column without a name of its own is said by its place; a column that is called so goes before."""
    header = ["ID", "", "Note", "Note"]
    assert match_columns(header, mapping=["#2=surname", "#4=given_name"]).places == {
        "crm_id": 0,
        "surname": 1,
        "given_name": 3,
    }
    assert match_columns(["ID", "#1", "B"], mapping=["#1=surname"]).places == {"crm_id": 0, "surname": 1}
    with pytest.raises(FileAsks, match="^The file has no column of a name that was mapped."):
        match_columns(header, mapping=["#5=surname"])


@pytest.mark.parametrize(
    ("header", "fields", "lines"),
    [
        (["ID", "Имя", "Note"], ["crm_id", "given_name", ""], ()),
        (["Nr", "Имя", "Note"], ["crm_id", "given_name", ""], ("Nr=crm_id",)),
        (["ID", "Имя", "Note"], ["crm_id", "", "given_name"], ("Имя=", "Note=given_name")),
        (["ID", "Phone", "Tel", "Other"], ["crm_id", "phone", "", "phone"], ("Phone=phone", "Other=phone")),
        (["ID", "Note", "Note"], ["crm_id", "", "surname"], ("#3=surname",)),
        (["ID", "", "A"], ["crm_id", "surname", ""], ("#2=surname",)),
        (["C1", "ivan@example.kz", "Иванов"], ["crm_id", "email", "surname"], ("#1=crm_id", "#2=email", "#3=surname")),
    ],
)
def test_what_is_kept_of_a_mapping_is_what_differs(header, fields, lines):
    """Only what the headers do not tell is kept, so that next week's file may have other columns; never somebody's data."""
    assert mapping_lines(header, fields) == lines
    assert fields_of(header, lines) == fields


def test_consents_without_a_purpose_are_told():
    """A file with dates of consent and no purpose gives no consents: that is said, not guessed."""
    columns = match_columns(["ID", "Имя", "Consent date"])
    assert columns.notes() == [
        "No column names the purpose of the consents, so no consent is imported (left out: “Consent date”). To import them "
        "choose the purpose on the page of the columns, or give it as --default consent_purpose=CODE."
    ]
    assert match_columns(["ID", "Имя", "Consent date"], defaults=["consent_purpose=x"]).notes() == []
