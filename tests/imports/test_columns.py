import pytest

from registry.imports.columns import FIELDS, match_columns
from registry.imports.inspection import FileRefused

BITRIX24 = (
    "ID;Фамилия;Имя;Отчество;ИИН;Рабочий e-mail;Мобильный телефон;Дата рождения;Язык;Цель согласия;Дата согласия;"
    "Источник согласия;Согласие действует до;Передача третьим лицам;Трансграничная передача;Публикация;Номер договора;"
    "Дата договора"
).split(";")


@pytest.mark.parametrize("header", [BITRIX24, list(FIELDS), [field.upper() for field in FIELDS]])
def test_headers_of_known_exports_need_no_mapping(header):
    """The canonical header and Bitrix24's are the same eighteen fields in the same order."""
    columns = match_columns(header)
    assert columns.places == {field: at for at, field in enumerate(FIELDS)}
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


def test_identity_and_state_are_never_imported():
    """What a record is and in which state it stands cannot be set by a file: such columns are listed."""
    columns = match_columns(["crm_id", "Имя", "blocked", "uid", "id", "is_superuser", "history_id", "State", "Заметка"])
    assert columns.places == {"crm_id": 0, "given_name": 1}
    assert columns.refused == ["blocked", "uid", "id", "is_superuser", "history_id", "State"]
    assert columns.unknown == ["Заметка"]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (
            ["Фамилия", "Имя"],
            "No column holds the id of the person in the CRM. Columns found: “Фамилия”, “Имя”. Name the column with "
            '--map "HEADER=crm_id", or say the delimiter if these are not your columns.',
        ),
        (
            ["ID", "E-mail", "Имя", "Рабочий e-mail"],
            "Columns 2, 4 (“E-mail”, “Рабочий e-mail”) all hold “email”. Leave all but one out with --map "
            '"HEADER=", or rename them in the export.',
        ),
        (
            ["ID", "Имя", "Имя"],
            "Columns 2, 3 (“Имя”, “Имя”) all hold “given_name”. Leave all but one out with --map "
            '"HEADER=", or rename them in the export.',
        ),
    ],
)
def test_header_that_leaves_doubt_is_refused(header, reason):
    """Without the key, or with two columns for one field, nothing is guessed."""
    with pytest.raises(FileRefused) as refusal:
        match_columns(header)
    assert str(refusal.value) == reason


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
        ("Имя", '“Имя” is no mapping. Write "HEADER=field" with one of the fields: crm_id, surname'),
        ("Имя=uid", '“Имя=uid” is no mapping. Write "HEADER=field" with one of the fields: crm_id, surname'),
        ("Name=surname", "The file has no column “Name”. Columns found: “ID”, “Имя”."),
    ],
)
def test_mapping_of_what_is_not_there_is_refused(mapping, reason):
    """A mapping names a column of the file and a field of a person, consent or agreement, no other."""
    with pytest.raises(FileRefused) as refusal:
        match_columns(["ID", "Имя"], mapping=[mapping])
    assert str(refusal.value).startswith(reason)


def test_defaults():
    """A default fills empty cells of a field; the key has none."""
    assert match_columns(["ID"], defaults=["language = kk"]).defaults == {"language": "kk"}
    for text in ("crm_id=C1", "state=active", "language"):
        with pytest.raises(FileRefused, match=f"^“{text}” is no default"):
            match_columns(["ID"], defaults=[text])
