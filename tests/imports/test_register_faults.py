"""Register files that are refused: each fault by its place, with what to do, and nothing written."""

import pytest

from registry.models import JournalEntry, Operator

from .registers import MINIMAL, refusal, tracked_rows

pytestmark = pytest.mark.django_db

FAULTS = [
    ("[[purposes]]\ncode = 'x'\n", "acme.toml: there is no table “purposes”. Correct or delete it; the tables are: operator, "),
    (
        "[[purpose]]\ncode = 'x'\nname_en = 'X'\nis_marketng = true\n",
        "acme.toml, purpose “x”, is_marketng: there is no such key. Correct or delete it; the keys are: code, name_en, "
        "name_ru, name_kk, is_marketing, clause.",
    ),
    (
        "[[legal_basis]]\ncode = 'x'\nname_en = 'X'\nkind = 'law'\nnorm = 'KZ-94-V/99'\n",
        "acme.toml, legal_basis “x”, norm: “KZ-94-V/99” is not among the norms. Correct it, or add the norm to its law in "
        "registry/registers/laws and run load_laws.",
    ),
    (
        "[[operator_law]]\nlaw = 'US-CCPA'\n",
        "acme.toml, operator_law “US-CCPA”, law: “US-CCPA” is not among the laws. Correct it, or add the law to "
        "registry/registers/laws and run load_laws.",
    ),
    (
        "[[tracker]]\ncode = 'x'\nname_en = 'X'\nprovider = 'nobody'\n",
        "acme.toml, tracker “x”, provider: the file has no recipient “nobody”. Correct the reference, or add the record.",
    ),
    (
        "[[purpose]]\ncode = 'x'\nname_en = 'X'\nclause = '7'\n",
        "acme.toml, purpose “x”, clause: the file has no clause “7”. Correct the reference, or add the record.",
    ),
    (
        "[[purpose]]\ncode = 'letters'\nname_en = 'X'\n",
        "acme.toml, purpose “letters”: the file has this record twice. Delete one of them.",
    ),
    (
        "[[purpose]]\nname_en = 'X'\n",
        "acme.toml, purpose “2”: the record has no “code”. Give it one; records are told apart by it.",
    ),
    (
        "[[purpose]]\ncode = 'x'\nname_en = 'X'\nis_marketing = 'yes'\n",
        "acme.toml, purpose “x”, is_marketing: “yes” is not true or false.",
    ),
    (
        "[[processing_activity]]\ncode = 'x'\nname_en = 'X'\nstarted_on = 2026-01-01T10:00:00\n",
        "acme.toml, processing_activity “x”, started_on: “2026-01-01 10:00:00” is not a date, as in 2026-01-31.",
    ),
    (
        "[[processing_activity]]\ncode = 'x'\nname_en = 'X'\noperations = 'storage'\n",
        "acme.toml, processing_activity “x”, operations: “storage” is not a list of texts, as in [\"a\", \"b\"].",
    ),
    (
        "[[processing_activity]]\ncode = 'x'\nname_en = 'X'\noperations = ['selling']\n",
        "acme.toml, processing_activity “x”, operations: “selling” is not on the list. Choose from: collection, ",
    ),
    (
        "[[processing_activity]]\ncode = 'x'\nname_en = 'X'\ndatabases = ['crm']\n",
        "acme.toml, processing_activity “x”, databases “crm”, database: the file has no database “crm”. Correct the "
        "reference, or add the record.",
    ),
    (
        "[[operator_term]]\ncode = 'x'\nrequest_kind = 'claim'\namount = true\nunit = 'day'\n",
        "acme.toml, operator_term “x”, amount: “True” is not a whole number.",
    ),
    ("[purpose]\ncode = 'x'\n", "acme.toml is not correct TOML: "),
    (
        "[policy]\nversion = '1'\ntitle = 'X'\n",
        "acme.toml, policy: this table is written as [[policy]]. Correct its heading.",
    ),
    (
        "[[recipient]]\ncode = 'x'\nname_en = 'X'\nkind = 'friend'\n",
        "acme.toml, recipient “x”, kind: Value 'friend' is not a valid choice.",
    ),
    (
        "[[data_category]]\ncode = 'x'\n",
        "acme.toml, data_category “x”, name_en: Give a name in at least one language.",
    ),
    (
        "[[data_category]]\ncode = 'x'\nname_en = \"a\\u0000b\"\n",
        "acme.toml, data_category “x”, name_en: the text has a NUL character. Delete it.",
    ),
    (
        "[[retention_rule]]\ncode = 'x'\nname_en = 'X'\ntrigger = 'law'\nperiod = 5\n",
        "acme.toml, retention_rule “x”: A period needs its unit, and a unit its period. Enter both or neither.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("addition", "sentence"), FAULTS, ids=[str(number) for number in range(len(FAULTS))])
def test_faulty_register_is_refused_with_its_place_and_what_to_do(one_law, write_register, addition, sentence):
    """A fault is named by file, table, record and key, and nothing of the file is written."""
    before = tracked_rows(), JournalEntry.objects.count()
    assert refusal(write_register(MINIMAL + addition)).startswith(sentence)
    assert (tracked_rows(), JournalEntry.objects.count()) == before
    assert not Operator.objects.exists()


def test_every_fault_of_a_file_is_named_at_once(one_law, write_register):
    """A lawyer mends a file in one go: all unknown keys, norms and references are listed, one a line."""
    faulty = MINIMAL.replace('name_en = "Letters"', 'name = "Letters"\nclause = "9"') + "[[law]]\n"
    assert len(refusal(write_register(faulty)).splitlines()) == 3


def test_operator_fields_are_checked_as_in_the_admin(one_law, write_register):
    """A BIN of the wrong form is refused with the table it stands in."""
    sentence = refusal(write_register(MINIMAL.replace('country = "KZ"', 'bin = "123"')))
    assert sentence.startswith("acme.toml, operator “acme”, bin: ")
    assert not Operator.objects.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "acme.toml: there is no [operator] table. A register file begins with it and gives its code."),
        (b"PK\x03\x04\xff\xfe\x00", "acme.toml is not UTF-8 text (byte 5). Save it as UTF-8."),
        ("[operator]\ncode = 'acme'\nname_ru = 'Акме'\n".encode("cp1251"), "acme.toml is not UTF-8 text (byte 37). Save it as UTF-8."),
        (b"[operator]\ncode = \"acme\n", "acme.toml is not correct TOML: "),
        (b"[operator]\ncode = 'ac\x00me'\n", "acme.toml is not correct TOML: "),
        (b"a = " + b"[" * 100_000, "acme.toml is not correct TOML: "),
        (b"#" * 5_000_001, "acme.toml is larger than 5 MB, which no register is. Check the file."),
    ],
    ids=["empty", "binary", "cp1251", "unclosed quote", "nul", "nested too deep", "huge"],
)  # fmt: skip
def test_file_that_is_no_register_is_refused(one_law, write_register, content, sentence):
    """A file of another kind or encoding is refused with a sentence."""
    assert refusal(write_register(content)).startswith(sentence)


def test_missing_file_is_refused(one_law, tmp_path):
    """A file that is not there is named."""
    assert refusal(tmp_path / "none.toml") == "none.toml cannot be read: No such file or directory."
