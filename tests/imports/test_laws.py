"""The library of laws: what the project's files say is what the registry shows, with its marks."""

import datetime as dt

import pytest

from registry.choices import NormTopic
from registry.imports.inspection import FileRefused
from registry.imports.laws import load_laws, load_missing_laws
from registry.models import JournalEntry, Law, Norm

pytestmark = pytest.mark.django_db


@pytest.fixture
def write(tmp_path):
    def write(text, name="kz-94-v.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_laws_load_with_all_their_norms():
    """Three laws come with their norms, each citation unique and each law with its own calendar; the GDPR has none."""
    loaded = load_laws()
    assert (loaded.laws, loaded.norms, loaded.written, loaded.kept) == (3, 221, 224, 0)
    calendars = dict(Law.objects.values_list("code", "calendar_country"))
    assert calendars == {"KZ-94-V": "KZ", "RU-152-FZ": "RU", "EU-GDPR": ""}


def test_laws_loaded_twice_change_nothing():
    """Loading the laws again writes no row, no history and no journal entry."""
    load_laws()
    before = Norm.history.count(), Law.history.count(), JournalEntry.objects.count()
    assert load_laws().written == 0
    assert (Norm.history.count(), Law.history.count(), JournalEntry.objects.count()) == before


MARKS = {
    "KZ-94-V/8(4)": "verified",
    "KZ-94-V/8(7)": "secondary",
    "KZ-94-V/9(10)": "verified",
    "KZ-94-V/9(9-4)": "unverified",
    "KZ-94-V/10-1": "secondary",
    "KZ-94-V/12(2)": "verified",
    "KZ-94-V/18(4)": "secondary",
    "KZ-94-V/22(1)(5)": "verified",
    "KZ-94-V/25(2)(8)": "verified",
    "RU-152-FZ/6(1)(5)": "unverified",
    "RU-152-FZ/12": "verified",
    "RU-152-FZ/21(5)": "verified",
    "RU-152-FZ/21(5.1)": "unverified",
    "EU-GDPR/6(1)(a)": "secondary",
    "EU-GDPR/30(1)": "verified",
    "EU-GDPR/28": "unverified",
}


def test_mark_of_verification_is_kept():
    """A norm says whether it was read in a text of the law, in a secondary reading, or is told from memory."""
    load_laws()
    assert dict(Norm.objects.filter(code__in=MARKS).values_list("code", "verified")) == MARKS


def test_norm_speaks_three_languages_and_names_its_source():
    """Every norm says what it says in English, Russian and Kazakh, and where that is known from."""
    load_laws()
    for field in ("text_en", "text_ru", "text_kk", "source"):
        assert not Norm.objects.filter(**{field: ""}).exists(), field


def test_topic_of_every_gate_has_a_norm_of_kazakhstan():
    """Whatever a blocker is about, the law of Kazakhstan has a norm in force to cite for it."""
    load_laws()
    for topic in NormTopic.values:
        assert Norm.objects.filter(law__code="KZ-94-V").about(topic).in_force(dt.date(2026, 11, 22)).exists(), topic


def test_contract_and_legitimate_interest_are_grounds_only_where_the_law_has_them():
    """Article 9 of the law of Kazakhstan is a closed list; a ground repealed in Russia is none."""
    load_laws()
    grounds = set(Norm.objects.filter(is_ground=True).values_list("code", flat=True))
    assert {"RU-152-FZ/6(1)(5)", "RU-152-FZ/6(1)(7)", "EU-GDPR/6(1)(b)", "KZ-94-V/7(1)"} <= grounds
    assert {code for code in grounds if code.startswith("KZ")} == {"KZ-94-V/7(1)"} | {
        f"KZ-94-V/9({item})" for item in ("1 2 3 4 5 6 7 8 9 9-1 9-2 9-3 9-4 10").split()
    }
    assert "RU-152-FZ/6(1)(10)" not in grounds


LAW = '[law]\ncode = "KZ-94-V"\nname_en = "Law 94-V"\n'


def test_norm_follows_its_file(write):
    """A norm whose file changed is changed, with one history row; one that left the file is kept and counted."""
    first = LAW + '[[norm]]\ncode = "KZ-94-V/5"\narticle = "5"\ntext_en = "Principles."\n'
    load_laws([write(first + '[[norm]]\ncode = "KZ-94-V/6"\narticle = "6"\ntext_en = "Classes."\n')])
    loaded = load_laws([write(first.replace("Principles.", "Five principles."))])
    assert (loaded.written, loaded.kept) == (1, 1)
    assert Norm.objects.get(code="KZ-94-V/5").history.count() == 2
    assert Norm.objects.get(code="KZ-94-V/6").history.count() == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[[norm]]\ncode = "X/1"\n', "kz-94-v.toml: there is no [law] table. A file of norms names its law first."),
        (
            LAW + '[[norm]]\ncode = "RU-152-FZ/5"\narticle = "5"\ntext_en = "x"\n',
            "kz-94-v.toml, norm “RU-152-FZ/5”, code: the code of a norm begins with its law: “KZ-94-V/”. Correct it.",
        ),
        (
            LAW + '[[norm]]\ncode = "KZ-94-V/5"\narticle = "5"\ntext_en = "x"\nvalid_from = "2026-01-01"\n',
            "kz-94-v.toml, norm “KZ-94-V/5”, valid_from: “2026-01-01” is not a date, as in 2026-01-31.",
        ),
        (
            LAW + '[[norm]]\ncode = "KZ-94-V/5"\narticle = "5"\n',
            "kz-94-v.toml, norm “KZ-94-V/5”, text_en: This field cannot be blank.",
        ),
        (
            LAW + '[[norm]]\ncode = "KZ-94-V/5"\narticle = "5"\ntext_en = "x"\ntopics = ["tax"]\n',
            "kz-94-v.toml, norm “KZ-94-V/5”, topics: “tax” is not on the list. Choose from: ",
        ),
    ],
)
def test_faulty_file_of_laws_is_refused_whole(write, text, sentence):
    """A file of norms with a fault is refused with its place and what to do, and nothing of it is kept."""
    with pytest.raises(FileRefused) as refusal:
        load_laws([write(text)])
    assert str(refusal.value).startswith(sentence)
    assert not Law.objects.exists()


def test_laws_are_loaded_where_one_is_missing():
    """Whoever loads a register gets the laws with it; where they are all there, nothing is read again."""
    load_missing_laws()
    count = JournalEntry.objects.count()
    load_missing_laws()
    assert Law.objects.count() == 3
    assert JournalEntry.objects.count() == count
