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
            "No column holds the id of the person in the CRM. The first line must name the columns: name that one with "
            '--map "HEADER=crm_id", or say the delimiter if it was not found. Columns found: “Фамилия”, “Имя”.',
        ),
        (
            ["ID", "Тегі", "Имя", "Фамилия"],
            "Columns 2, 4 all hold “surname”. Leave all but one out with --map "
            '"HEADER=", or rename them in the export. They are called “Тегі”, “Фамилия”.',
        ),
        (
            ["ID", "Имя", "Имя"],
            "Columns 2, 3 all hold “given_name”. Leave all but one out with --map "
            '"HEADER=", or rename them in the export. They are called “Имя”, “Имя”.',
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
        assert it.value.told.endswith(f"message_opt_out. “{text}” is none.")


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
        (["ID", "uid", "a@b", "surname"], ["ID", "uid", "column 3", "surname"]),
    ],
)
def test_header_that_looks_like_data_is_not_kept(header, kept):
    """One cell with a number or an address in it, and the line may be a person's row: what is not known is numbered."""
    columns = match_columns(header, mapping=[] if "ID" in header else ["C1=crm_id"])
    assert columns.header == kept
    assert set(columns.unknown) <= set(kept)
