"""The library of laws: what the project's files say is what the registry shows, with its marks."""

import datetime as dt

import pytest

from registry.choices import NormTopic
from registry.imports.inspection import FileRefused
from registry.imports.laws import load_laws, load_missing_laws
from registry.journal import unit_of_work
from registry.models import (
    CaseDeadline,
    CountryProtection,
    DayOverride,
    DeadlineRule,
    JournalEntry,
    Law,
    Norm,
    SubjectRequest,
)
from tests.factories import make_operator, make_request
from tests.rules.law_files import moment
from tests.transfers import FINDING, STEPS, make_exporter, make_transfer

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
    assert (loaded.laws, loaded.norms, loaded.rules, loaded.written, loaded.kept) == (3, 223, 43, 271, 0)
    calendars = dict(Law.objects.values_list("code", "calendar_country"))
    assert calendars == {"KZ-94-V": "KZ", "RU-152-FZ": "RU", "EU-GDPR": ""}


def test_laws_loaded_twice_change_nothing():
    """Loading the laws again writes no row, no history and no journal entry, and leaves open cases alone."""
    load_laws()
    make_request(make_operator("lapp"), received_at=moment("2026-04-01"))
    tracked = (Law, Norm, DeadlineRule, SubjectRequest, CaseDeadline)
    before = [model.history.count() for model in tracked], JournalEntry.objects.count()
    assert load_laws().written == 0
    assert ([model.history.count() for model in tracked], JournalEntry.objects.count()) == before


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


def test_rule_is_in_force_only_while_its_norm_is():
    """No term is counted by an article that was not yet, or is no longer, in force."""
    load_laws()
    for rule in DeadlineRule.objects.select_related("norm"):
        norm = rule.norm
        assert norm.valid_from is None or (rule.valid_from and norm.valid_from <= rule.valid_from), rule
        assert norm.valid_until is None or (rule.valid_until and rule.valid_until <= norm.valid_until), rule


NORM = LAW + '[[norm]]\ncode = "KZ-94-V/25"\narticle = "25"\ntext_en = "Duties."\n'
RULE = NORM + (
    '[[deadline_rule]]\ncode = "KZ-INFO"\ntrigger = "information_request"\namount = 3\nunit = "working_day"\n'
    'norm = "KZ-94-V/25"\n'
)
MOVED = '[[day_override]]\ncountry = "KZ"\nday_on = 2026-04-02\nis_working = false\nsource = "Decree 12"\n'
WITH_CALENDAR = RULE.replace('name_en = "Law 94-V"\n', 'name_en = "Law 94-V"\ncalendar_country = "KZ"\n')


@pytest.fixture
def cases(write):
    """Of Lapp, both received on Wednesday 1 April 2026 and due on Monday the 6th: one open, one closed."""
    load_laws([write(WITH_CALENDAR)])
    lapp = make_operator("lapp")
    received_at = moment("2026-04-01")
    still_open, closed = (make_request(lapp, received_at=received_at) for _ in range(2))
    with unit_of_work(by=None, role="system"):
        closed.close_as("no_request", by=None, at=received_at, note="A greeting.")
    assert dues(still_open, closed) == ["2026-04-06", "2026-04-06"]
    return still_open, closed


def dues(*cases):
    for case in cases:
        case.refresh_from_db()
        assert case.due_on == case.deadlines.get().due_on
    return [case.due_on.isoformat() for case in cases]


def test_moved_day_counts_open_cases_anew_and_leaves_closed_ones(cases, write):
    """A decision makes 2 April a day off: the open case is due a day later, with history; what is closed stays as it was told."""
    before = [case.history.count() for case in cases]
    assert load_laws([write(WITH_CALENDAR + MOVED)]).written == 1
    assert dues(*cases) == ["2026-04-07", "2026-04-06"]
    assert [case.history.count() for case in cases] == [before[0] + 1, before[1]]
    still_open, closed = (case.deadlines.get() for case in cases)
    assert still_open.days_off.split() == ["2026-04-02", "2026-04-04", "2026-04-05"]
    assert (still_open.history.count(), closed.history.count()) == (2, 1)


def test_decision_is_taken_back_by_another_one(cases, write):
    """What was made off is made worked again by the next decision, in the same place of the file; a line left out takes nothing back."""
    load_laws([write(WITH_CALENDAR + MOVED)])
    assert load_laws([write(WITH_CALENDAR)]).kept == 1
    assert dues(*cases) == ["2026-04-07", "2026-04-06"]
    load_laws([write(WITH_CALENDAR + MOVED.replace("false", "true").replace("12", "15"))])
    assert dues(*cases) == ["2026-04-06", "2026-04-06"]
    override = DayOverride.objects.get()
    assert (override.is_working, override.source, override.history.count()) == (True, "Decree 15", 2)


def test_rule_changed_in_its_file_leaves_yesterdays_cases_as_they_were(cases, write):
    """The file says 5 days from today on: a case of yesterday keeps its 3, a new one has 5; the rule has one more history row."""
    assert load_laws([write(WITH_CALENDAR.replace("amount = 3", "amount = 5"))]).written == 1
    assert dues(*cases) == ["2026-04-06", "2026-04-06"]
    assert dues(make_request(cases[0].operator, received_at=moment("2026-04-01"))) == ["2026-04-08"]
    assert DeadlineRule.objects.get().history.count() == 2


def test_rule_that_left_its_file_is_kept(cases, write):
    """A rule that no file has any more still applies, and is counted: whoever ends it gives it a last day."""
    loaded = load_laws([write(NORM)])
    assert (loaded.rules, loaded.written, loaded.kept) == (0, 1, 1)  # the law lost its calendar
    ended = WITH_CALENDAR + "valid_until = 2026-04-01\n"
    load_laws([write(ended)])
    late = make_request(cases[0].operator, received_at=moment("2026-04-02"))
    assert not late.deadlines.exists()


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2022-08-31T17:59:59Z", ("RU-INFO-2022", "2022-09-30")),  # 23:59:59; 31 August + 30 days
        ("2022-08-31T18:00:00Z", ("RU-INFO", "2022-09-15")),  # 1 September + 10 working days
    ],
)
def test_edition_of_the_law_is_that_of_the_day_of_receipt(received, due):
    """Until 31.08.2022 152-FZ gave 30 days for information, since then 10 working days: midnight in Almaty parts them."""
    load_laws()
    request = make_request(make_operator("almaenergy", laws=("RU-152-FZ",)), received_at=moment(received))
    found = {(each.source, each.due_on.isoformat()) for each in request.deadlines.filter(trigger="information_request")}
    assert found == {due}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            RULE.replace('norm = "KZ-94-V/25"', 'norm = "KZ-94-V/26"'),
            "kz-94-v.toml, deadline_rule “KZ-INFO”, norm: the file has no norm “KZ-94-V/26”. Correct the reference, or add the norm.",
        ),
        (
            RULE.replace('norm = "KZ-94-V/25"\n', ""),
            "kz-94-v.toml, deadline_rule “KZ-INFO”, norm: the file has no norm “”. Correct the reference, or add the norm.",
        ),
        (
            RULE.replace("amount = 3", "amount = 0"),
            "kz-94-v.toml, deadline_rule “KZ-INFO”: Say how long the term is: an amount of 1 or more.",
        ),
        (
            RULE.replace("amount = 3\n", ""),
            "kz-94-v.toml, deadline_rule “KZ-INFO”: Say how long the term is: an amount of 1 or more.",
        ),
        (
            RULE.replace("amount = 3", "amount = -3"),
            "kz-94-v.toml, deadline_rule “KZ-INFO”, amount: Ensure this value is greater than or equal to 0.",
        ),
        (
            RULE.replace("amount = 3", 'amount = "3"'),
            "kz-94-v.toml, deadline_rule “KZ-INFO”, amount: “3” is not a whole number.",
        ),
        (
            RULE.replace("working_day", "at_once"),
            "kz-94-v.toml, deadline_rule “KZ-INFO”, amount: A term that is at once has no length. Leave it out.",
        ),
        (
            RULE.replace('amount = 3\nunit = "working_day"', 'extension = 5\nunit = "at_once"'),
            "kz-94-v.toml, deadline_rule “KZ-INFO”, extension: A term that is at once is not extended.",
        ),
        (
            RULE.replace("working_day", "business_day"),
            "kz-94-v.toml, deadline_rule “KZ-INFO”, unit: Value 'business_day' is not a valid choice.",
        ),
        (
            RULE.replace("information_request", "request"),
            "kz-94-v.toml, deadline_rule “KZ-INFO”, trigger: Value 'request' is not a valid choice.",
        ),
        (
            RULE + "valid_from = 2026-04-02\nvalid_until = 2026-04-01\n",
            "kz-94-v.toml, deadline_rule “KZ-INFO”: A rule cannot end before it begins.",
        ),
        (
            RULE + RULE.removeprefix(NORM),
            "kz-94-v.toml, deadline_rule “KZ-INFO”: the file has this record twice. Delete one of them.",
        ),
        (
            RULE + MOVED + MOVED,
            "kz-94-v.toml, day_override “KZ / 2026-04-02”: the file has this record twice. Delete one of them.",
        ),
        (
            RULE + MOVED.replace("day_on = 2026-04-02\n", ""),
            "kz-94-v.toml, day_override “KZ”, day_on: This field cannot be null.",
        ),
        (
            RULE + MOVED.replace("is_working = false\n", ""),
            "kz-94-v.toml, day_override “KZ / 2026-04-02”, is_working: “None” value must be either True or False.",
        ),
        (
            RULE + MOVED.replace('source = "Decree 12"\n', ""),
            "kz-94-v.toml, day_override “KZ / 2026-04-02”, source: This field cannot be blank.",
        ),
        (
            RULE + MOVED.replace('"KZ"', '"Kazakhstan"'),
            "kz-94-v.toml, day_override “Kazakhstan / 2026-04-02”, country: ",
        ),
    ],
)
def test_faulty_term_or_day_is_refused_with_the_whole_file(write, text, sentence):
    """A term without a norm, length or meaning, and a day moved by no decision, are refused with their place."""
    with pytest.raises(FileRefused) as refusal:
        load_laws([write(text)])
    assert str(refusal.value).startswith(sentence)
    assert not Law.objects.exists()


def test_code_of_a_rule_belongs_to_one_law(write):
    """Two laws do not share the code of a rule: the second is told whose it is, and takes nothing away."""
    load_laws([write(RULE)])
    other = RULE.replace("KZ-94-V", "RU-152-FZ").replace("amount = 3", "amount = 9")
    with pytest.raises(FileRefused) as refusal:
        load_laws([write(other, "ru-152-fz.toml")])
    sentence = "ru-152-fz.toml, deadline_rule “KZ-INFO”, code: this code is taken by KZ-94-V. Choose another one."
    assert str(refusal.value) == sentence
    assert (DeadlineRule.objects.get().amount, Law.objects.count()) == (3, 1)


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


STANDING = LAW + '[[country_protection]]\ncountry = "TR"\nprotects = true\nsource = "Order 1"\nverified = "verified"\n'
NEXT = '[[country_protection]]\ncountry = "TR"\nprotects = false\nsource = "Order 2"\nvalid_from = 2026-03-10\n'


def standings():
    rows = CountryProtection.objects.order_by("pk")
    return [(row.country, row.protects, row.source, str(row.valid_from), str(row.valid_until)) for row in rows]


def test_standing_of_a_country_is_corrected_in_place(write):
    """A standing whose line changed is changed; loaded again it is left alone; one that left the file is kept and counted."""
    load_laws([write(STANDING)])
    assert load_laws([write(STANDING)]).written == 0
    assert load_laws([write(STANDING.replace("Order 1", "Order 1 of 2025"))]).written == 1
    assert standings() == [("TR", True, "Order 1 of 2025", "None", "None")]
    assert CountryProtection.objects.get().history.count() == 2
    assert load_laws([write(LAW)]).kept == 1


def test_new_standing_follows_the_old_one_and_stops_what_leaned_on_it(write):
    """The old line gets its last day, in whatever order the file has them; what ran on the country's protection is suspended."""
    load_laws([write(STANDING)])
    transfer = make_transfer(make_exporter(), **STEPS)
    relying = make_transfer(transfer.operator, "relying", **STEPS, **FINDING)
    load_laws([write(LAW + NEXT + STANDING.removeprefix(LAW) + "valid_until = 2026-03-09\n")])
    assert standings() == [
        ("TR", True, "Order 1", "None", "2026-03-09"),
        ("TR", False, "Order 2", "2026-03-10", "None"),
    ]
    for each in (transfer, relying):
        each.refresh_from_db()
    assert (transfer.suspension, relying.suspension) == ("", "country")


def test_standing_that_overlaps_another_is_refused(write):
    """Two lines for one day: the file says which, and nothing is written."""
    with pytest.raises(FileRefused, match="country_protection “TR / 2026-03-10”.*Another standing of this country"):
        load_laws([write(STANDING + NEXT)])
    assert standings() == []
