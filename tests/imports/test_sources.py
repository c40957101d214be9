"""What was said of a source's files, kept and found again."""

import io

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from registry.imports import columns, sources
from registry.imports.crm_file import Said
from registry.imports.inspection import FileRefused
from registry.models import DataSubject, ImportRun, ImportSource, JournalEntry
from tests import factories

pytestmark = pytest.mark.django_db
SAID = Said("cp1251", "tab", ("Nr=crm_id", "Note="), ("consent_purpose=email-information",), "mdy", True)
ACTING = {"by": None, "role": "system"}


def test_what_was_said_comes_back(lapp):
    """All that can be said of a file is kept with its source, and nothing else."""
    source = sources.remember(ImportSource(operator=lapp, name="CRM"), SAID, accept_damaged_names=True, **ACTING)
    source.refresh_from_db()
    said = sources.said_of(source)
    assert said == SAID._replace(order_remembered=True, as_of=source.history.get().pk)
    assert source.accept_damaged_names
    assert sources.said_of(factories.save(ImportSource(operator=lapp, name="Other")))._replace(as_of=0) == Said()


def test_fields_that_are_somebodys_own():
    """What belongs to one person is no default of a source, and is not kept with a run: the number of an agreement, too."""
    own = {field for field in columns.FIELDS if sources.is_somebodys_own(field)}
    assert own == {"surname", "given_name", "patronymic", "iin", "email", "phone", "birth_date", "agreement_number"}


def test_remembering_is_a_change_like_any_other(lapp, dpo):
    """A source said anew has its history and its entry, with the reason."""
    source = factories.save(ImportSource(operator=lapp, name="CRM"))
    sources.remember(source, SAID, by=dpo, role="dpo", reason="columns of import #7")
    row = source.history.latest()
    assert (row.history_user_id, row.history_change_reason) == (dpo.pk, "columns of import #7")
    assert JournalEntry.objects.latest("seq").object_type == "importsource"


def test_nothing_is_kept_that_no_import_could_read(lapp):
    """A line that an import would refuse is refused before it is kept; so is a name that is taken."""
    with pytest.raises(FileRefused, match="^A mapping is written"):
        sources.remember(ImportSource(operator=lapp, name="CRM"), Said(mapping=("x",)), **ACTING)
    with pytest.raises(FileRefused, match="^A default is written"):
        sources.remember(ImportSource(operator=lapp, name="CRM"), Said(defaults=("uid=1",)), **ACTING)
    factories.save(ImportSource(operator=lapp, name="CRM"))
    with pytest.raises(ValidationError, match="There is a source of this name already"):
        sources.remember(ImportSource(operator=lapp, name="CRM"), SAID, **ACTING)
    assert ImportSource.objects.count() == 1


def run_of(source, *header, planned_at="2026-11-20T10:00+05:00"):
    return ImportRun.objects.create(
        operator=source.operator,
        source=source,
        file_name="x.csv",
        mapping=[[name, ""] for name in header],
        planned_at=planned_at,
    )


def test_source_is_known_by_the_columns_of_its_last_file(lapp, kazger):
    """The same columns in any order; of another source, an earlier file or another operator they tell nothing."""
    sales = factories.save(ImportSource(operator=lapp, name="Sales"))
    run_of(sales, "A", "B")
    run_of(factories.save(ImportSource(operator=kazger, name="Theirs")), "C")
    assert sources.of_columns(lapp, ["B", "A"]) == sales
    assert sources.of_columns(lapp, ["A"]) is sources.of_columns(lapp, ["C"]) is None
    run_of(sales, "A", "B", "C", planned_at=None)
    assert sources.of_columns(lapp, ["B", "A"]) == sales
    run_of(sales, "A", "B", "C")
    assert sources.of_columns(lapp, ["B", "A"]) is None


def test_column_known_by_its_number_needs_the_same_order(lapp):
    """“#2=surname” was said of a column without a header: where it stands elsewhere the second one is somebody's phone."""
    run_of(factories.save(ImportSource(operator=lapp, name="Bare", mapping="#2=surname")), "ID", "", "Phone")
    assert sources.of_columns(lapp, ["ID", "", "Phone"]) is not None
    assert sources.of_columns(lapp, ["ID", "Phone", ""]) is None


def test_two_sources_with_the_same_columns_are_not_told_apart(lapp):
    """Nobody guesses which of two CRMs wrote the file."""
    for name in ("Sales", "Support"):
        run_of(factories.save(ImportSource(operator=lapp, name=name)), "A", "B")
    assert sources.of_columns(lapp, ["A", "B"]) is None


def test_last_file_of_each_source_counts(lapp):
    """However many files of one source came in since the other's last one, the two are not told apart."""
    sales, support = (factories.save(ImportSource(operator=lapp, name=name)) for name in ("Sales", "Support"))
    run_of(support, "A", "B")
    for _time in range(101):
        run_of(sales, "A", "B")
    assert sources.of_columns(lapp, ["A", "B"]) is None
    run_of(sales, "A", "C")
    assert sources.of_columns(lapp, ["A", "B"]) == support


def test_file_without_headers_belongs_to_no_source(lapp):
    """Where the first line is somebody's row, its columns have only numbers, and these are alike in every such file."""
    run_of(factories.save(ImportSource(operator=lapp, name="Bare")), "column 1", "column 2")
    assert sources.of_columns(lapp, ["C1", "ivan@example.kz"]) is None


@pytest.fixture
def by_command(lapp, tmp_path):
    def run(content, *said):
        path = tmp_path / "people.csv"
        path.write_bytes(content)
        out = io.StringIO()
        call_command("import_subjects", path, "--operator", "lapp", *said, stdout=out)
        return out.getvalue().splitlines()

    return run


def test_command_reads_a_file_as_its_source_says(lapp, by_command):
    """What was remembered holds; what the command says of this file goes before it."""
    source = factories.save(
        ImportSource(
            operator=lapp,
            name="CRM",
            mapping="Nr=crm_id\nWho=given_name",
            defaults="language=kk",
            date_order="dmy",
            accept_damaged_names=True,
        )
    )
    content = "Nr;Who;Birthday\n1;?сель;01/02/1990\n".encode()
    by_command(content, "--source", "CRM")
    subject, run = DataSubject.objects.get(), ImportRun.objects.get()
    assert (subject.given_name, subject.language, str(subject.birth_date)) == ("?сель", "kk", "1990-02-01")
    assert (run.source, run.accept_damaged_names) == (source, True)
    by_command(content, "--source", "CRM", "--date-order", "mdy", "--default", "language=ru", "--map", "Who=surname")
    subject.refresh_from_db()
    assert (subject.surname, subject.language, str(subject.birth_date)) == ("?сель", "kk", "1990-01-02")


def test_command_asks_where_the_rows_contradict_what_is_remembered(lapp, by_command):
    """A source with the day first, a file with the month first: nothing is stored until somebody says which it is."""
    factories.save(ImportSource(operator=lapp, name="CRM", date_order="dmy"))
    content = "ID;Имя;Дата рождения\n1;А;12/25/1990\n2;Б;01/02/1990\n".encode()
    with pytest.raises(CommandError, match="^The dates of its source are remembered as “day, month, year”, but"):
        by_command(content, "--source", "CRM")
    assert not DataSubject.objects.exists()
    by_command(content, "--source", "CRM", "--date-order", "mdy")
    assert str(DataSubject.objects.get(crm_id="2").birth_date) == "1990-01-02"


def test_command_refuses_with_the_question(by_command):
    """Who is not there to be asked is told the question, and with which option to answer it."""
    with pytest.raises(CommandError, match=r"Say which it is \(in a command: --date-order dmy, or --date-order mdy\)."):
        by_command(b"ID;Name;Birthday\n1;A;01/02/1990\n")
    assert ImportRun.objects.get().state == "refused"


def test_command_clears_where_it_is_said(lapp, by_command):
    """Empty cells keep what is stored, unless they are said to clear it."""
    subject = factories.make_subject(lapp, crm_id="1", given_name="Анна")
    by_command("ID;Имя;Телефон\n1;Анна;\n".encode())
    subject.refresh_from_db()
    assert subject.phone == "+77077356312"
    by_command("ID;Имя;Телефон\n1;Анна;\n".encode(), "--blank-clears")
    subject.refresh_from_db()
    assert (subject.phone, ImportRun.objects.latest("pk").blank_clears) == ("", True)


def test_command_knows_its_sources(lapp, by_command):
    """A source that is not there is said so before anything is read."""
    factories.save(ImportSource(operator=lapp, name="CRM"))
    with pytest.raises(CommandError, match="^lapp has no source “Crm”. Known are: “CRM”.$"):
        by_command(b"ID;Name\n1;A\n", "--source", "Crm")
    assert not ImportRun.objects.exists()


def test_command_knows_a_source_by_its_columns_as_the_browser_does(lapp, by_command):
    """A file with the columns of a source's last one is read as that source's are, and the command says so."""
    source = factories.save(ImportSource(operator=lapp, name="CRM", mapping="Nr=crm_id", defaults="language=kk"))
    by_command("Nr;Имя\n1;Анна\n".encode(), "--source", "CRM")
    lines = by_command("Имя;Nr\nОльга;2\n".encode())
    assert lines[0] == (
        "Its columns are those of the source “CRM”: it is read as that one's files are. Name another one with --source, or "
        'none with --source "".'
    )
    assert ImportRun.objects.latest("pk").source == source
    assert DataSubject.objects.get(crm_id="2").language == "kk"


def test_what_the_command_says_goes_before_a_source_it_found(lapp, by_command):
    """An option is somebody's word on this file."""
    factories.save(ImportSource(operator=lapp, name="CRM", mapping="Nr=crm_id", defaults="language=kk"))
    by_command("Nr;Имя\n1;Анна\n".encode(), "--source", "CRM")
    by_command("Nr;Имя\n2;Ольга\n".encode(), "--default", "language=ru")
    assert DataSubject.objects.get(crm_id="2").language == "ru"


def test_command_that_is_told_so_asks_no_source(lapp, by_command):
    """--source "" means none, whatever its columns."""
    factories.save(ImportSource(operator=lapp, name="CRM", mapping="Nr=crm_id"))
    by_command("Nr;Имя\n1;Анна\n".encode(), "--source", "CRM")
    with pytest.raises(CommandError, match="^No column holds the id of the person"):
        by_command("Nr;Имя\n2;Ольга\n".encode(), "--source", "")
    assert ImportRun.objects.latest("pk").source is None


def test_file_that_is_no_table_is_refused_once(lapp, by_command):
    """Looking for its source says nothing of its own: the reading does."""
    factories.save(ImportSource(operator=lapp, name="CRM"))
    with pytest.raises(CommandError, match="^The file is empty. Export it from the CRM again.$"):
        by_command(b"")
    assert JournalEntry.objects.filter(action="import.reject").count() == 1
