"""Everything that can go wrong with a file, each as a small real one in corpus/: what becomes of it, by command and in the browser.

The table says it, and both ways say the same sentences.
"""

import csv
import html
import io
import resource
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from django.conf import settings as configured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from registry.imports.lists import LISTS
from registry.models import DataSubject, ImportRun, JournalEntry
from tests import factories

from .corpus_table import ALL, CASES, MADE

pytestmark = pytest.mark.django_db
CORPUS = Path(__file__).parent / "corpus"
IMPORT = reverse("admin:registry_datasubject_import")
# A file that no small limit refuses takes no more than this, nor does one that a limit refuses.
SECONDS_AT_MOST, MEGABYTES_AT_MOST = 2, 300


@pytest.fixture(autouse=True)
def register(lapp):
    factories.make_purpose(lapp)


@pytest.fixture
def file(request, tmp_path, settings):
    """(path, case) of a name of the table, under the limits it says."""
    name = request.param
    for limit, value in ALL[name].limits.items():
        setattr(settings, limit, value)
    if name not in MADE:
        return CORPUS / f"{name.partition(',')[0]}.csv", ALL[name]
    path = tmp_path / f"{name}.csv"
    MADE[name][0](path)
    return path, ALL[name]


class Said(NamedTuple):
    """What the command made of a file and said of it: all of its text, and the reasons beside each line of its lists."""

    run: ImportRun | None
    text: str
    reasons: dict


def by_command(path, tmp_path, **options):
    """What it printed and wrote into its lists, and nothing else. Of a refused file there is no run."""
    out, lists = io.StringIO(), Path(tempfile.mkdtemp(dir=tmp_path))
    told = {"lists": str(lists), "stdout": out, "stderr": out}
    try:
        call_command("import_subjects", str(path), operator="lapp", **told, **options)
    except CommandError as refusal:
        assert not any(lists.iterdir())
        return Said(None, out.getvalue() + str(refusal), {})
    except SystemExit:
        pass
    run = ImportRun.objects.latest("pk")
    files = [each.read_bytes().decode(run.encoding) for each in sorted(lists.iterdir())]
    return Said(run, "\n".join([out.getvalue(), *files]).replace('""', '"'), reasons_of(files, run.delimiter))


def reasons_of(files, delimiter):
    """Of lists as they are handed out: the reasons beside each line, by its number."""
    found = {}
    for text in files:
        header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        place = header.index("line")
        for row in rows:
            found.setdefault(int(row[place]), []).append(row[place + 1])
    return found


def in_browser(client, path):
    """(run, everything the pages said): the upload, the page of the run, its lists; of what is asked the answer to none, too."""
    answer = client.post(IMPORT, upload_of(path.name, path.read_bytes()), follow=True)
    said = html.unescape(answer.content.decode())
    run = ImportRun.objects.order_by("pk").last()
    if run is None or run.state == ImportRun.State.REFUSED:
        return run, said
    if run.state == ImportRun.State.ASKING:
        return run, said + html.unescape(unanswered(client, answer, run))
    for kind, listing in LISTS.items():
        if run.listed_rows.filter(kind__in=listing.kinds).exists():
            page = client.get(reverse("admin:registry_importrun_list", args=[run.pk, kind]))
            assert page.status_code == 200
            said += html.unescape(page.content.decode())
    return run, said


def upload_of(name, content):
    file = SimpleUploadedFile(name, content, content_type="text/csv")
    return {"import_file": file, "format": "0", "resource": "0"}


def unanswered(client, response, run):
    """The page that comes where the page of the columns is sent back as it was."""
    form = response.context["form"]
    fields = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in fields.items() if value not in (None, False)}
    return client.post(reverse("admin:registry_importrun_columns", args=[run.pk]), sent, follow=True).content.decode()


def counted(run):
    kinds = ("new", "changed", "rejected", "stopped", "damaged", "doubles")
    return ", ".join(f"{kind} {getattr(run, kind)}" for kind in kinds if getattr(run, kind))


def known_before(path, operator):
    """Somebody whom the file with blank cells is about."""
    if path.stem == "20-blank-cells":
        factories.make_subject(operator, crm_id="A1", surname="Петров", given_name="Пётр", email="kept@example.kz")


def test_every_file_stands_in_the_table():
    """A file of the corpus without an expectation, or an expectation without its file, is a mistake."""
    assert {path.stem for path in CORPUS.glob("*.csv")} == set(CASES)


@pytest.mark.parametrize("file", ALL, indirect=True)
def test_by_command(file, lapp, tmp_path):
    """The command applies what is sound, says what is not, and refuses a file that cannot be read as a whole."""
    path, case = file
    known_before(path, lapp)
    run, said, reasons = by_command(path, tmp_path)
    assert (counted(run) if run else "") == case.counts
    if case.refused:
        assert said == case.refused
        assert not DataSubject.objects.exists()
        assert JournalEntry.objects.filter(action="import.reject").count() == 1
    for sentence in [*case.lines.values(), *case.said]:
        assert sentence in said
    for line, sentence in case.lines.items():
        assert any(sentence in each for each in reasons.get(line, ()))
    for crm_id, values in case.stored.items():
        person = DataSubject.objects.get(crm_id=crm_id)
        assert {field: str(getattr(person, field)) for field in values} == values


@pytest.mark.parametrize("file", ALL, indirect=True)
def test_in_the_browser(file, lapp, dpo, browser_client):
    """The pages say the same sentences as the command, markup in a cell is text, and nothing is written by looking."""
    path, case = file
    known_before(path, lapp)
    people = DataSubject.objects.count()
    run, said = in_browser(browser_client(dpo), path)
    assert counted(run) == case.counts
    assert run.state == ("asking" if case.asks else "refused" if case.refused else "planned")
    for sentence in [case.refused, *case.lines.values(), *case.said]:
        assert sentence in said
    assert JournalEntry.objects.filter(action="import.reject").count() == (run.state == "refused")
    assert DataSubject.objects.count() == people
    assert len(said) < 400_000


def test_markup_is_text_on_every_page(lapp, dpo, browser_client):
    """Names that are markup run nowhere: neither in the preview nor in the lists nor on the person's page."""
    path = CORPUS / "27-markup.csv"
    client = browser_client(dpo)
    page = client.post(IMPORT, upload_of(path.name, path.read_bytes()), follow=True).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    confirmed(client)
    pages = [page]
    for person in DataSubject.objects.all():
        pages.append(client.get(reverse("admin:registry_datasubject_change", args=[person.pk])).content.decode())
    assert "&lt;svg onload=alert(2)&gt;" in "".join(pages[1:])
    for tag in ("<script>alert", "<svg onload", "<img src=x", 'href="javascript:'):
        assert not any(tag in each for each in pages)


def test_names_of_either_direction_keep_to_themselves(lapp, dpo, browser_client):
    """Arabic, Hebrew and a mark that turns text around: each name in its own direction, the row beside it as it was."""
    path = CORPUS / "34-right-to-left.csv"
    page = browser_client(dpo).post(IMPORT, upload_of(path.name, path.read_bytes()), follow=True).content.decode()
    for name in ("محمد\u202e", "כהן", "Ким"):
        assert f"<bdi>{name}</bdi>" in page


def test_cells_that_would_be_formulas_leave_inert(lapp, tmp_path):
    """What goes back to the CRM's owner begins with an apostrophe wherever a spreadsheet would begin to reckon."""
    said = by_command(CORPUS / "54-tab-formula.csv", tmp_path).text
    assert "A3,'\t'=cmd|x,Юн,y,'\t'-2+3,4," in said


def test_a_file_twice_changes_nothing_the_second_time(lapp, tmp_path):
    """The same bytes again: no row changed, no history written."""
    by_command(CORPUS / "02-utf8-bom.csv", tmp_path)
    history = DataSubject.history.count()
    run = by_command(CORPUS / "02-utf8-bom.csv", tmp_path).run
    assert (run.new, run.changed, run.same) == (0, 0, 2)
    assert DataSubject.history.count() == history


def test_a_file_twice_in_the_browser_changes_nothing_the_second_time(lapp, dpo, browser_client):
    """Uploaded and confirmed again: two rows the same, no history, and one entry for each of the two steps."""
    client, history = browser_client(dpo), 0
    for _each in range(2):
        run, _said = in_browser(client, CORPUS / "02-utf8-bom.csv")
        entries = JournalEntry.objects.filter(history_id__isnull=False).count()
        history = DataSubject.history.count()
        confirmed(client)
    run.refresh_from_db()
    assert (run.state, run.new, run.changed, run.same) == ("applied", 0, 0, 2)
    assert DataSubject.history.count() == history
    assert JournalEntry.objects.filter(history_id__isnull=False).count() == entries
    steps = JournalEntry.objects.filter(run=run.pk, action__in=("import.plan", "import.apply")).order_by("seq")
    assert list(steps.values_list("action", flat=True)) == ["import.plan", "import.apply"]


def confirmed(client):
    run = ImportRun.objects.latest("pk")
    return client.post(reverse("admin:registry_importrun_apply", args=[run.pk]), {"token": run.token})


NAMES = {
    "../../a.csv": "a.csv",
    "..\\..\\a.csv": "a.csv",
    "/etc/cron.d/a.csv": "a.csv",
    "x" * 296 + ".csv": "x" * 200,
    "a\u202evsc.exe.csv": "avsc.exe.csv",
    "<b>a.csv": "<b>a.csv",
    "Иванов 870101300123.csv": "Иванов ….csv",
}


@pytest.mark.parametrize("name", NAMES)
def test_name_of_an_upload_is_a_text_and_no_path(name, lapp, dpo, browser_client):
    """Whatever the browser says the file is called, it lies under a name made here, and its own is shown as text."""
    content = (CORPUS / "02-utf8-bom.csv").read_bytes()
    parts = [f'--b\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n0\r\n' for field in ("format", "resource")]
    parts.append(f'--b\r\nContent-Disposition: form-data; name="import_file"; filename="{name}"\r\n')
    body = "".join(parts).encode() + b"Content-Type: text/csv\r\n\r\n" + content + b"\r\n--b--\r\n"
    page = browser_client(dpo).post(IMPORT, body, content_type="multipart/form-data; boundary=b", follow=True)
    stored_as_said(NAMES[name])
    assert html.escape(NAMES[name]) in page.content.decode()
    assert "<b>" not in page.content.decode()


@pytest.mark.parametrize("name", [name for name in NAMES if "/" not in name and len(name) < 255])
def test_name_in_a_command_is_a_text_and_no_path(name, lapp, tmp_path):
    """A path that climbs and a name that deceives: the run keeps the name's own letters only."""
    (tmp_path / "deep").mkdir()
    (tmp_path / name).write_bytes((CORPUS / "02-utf8-bom.csv").read_bytes())
    run = by_command(tmp_path / "deep" / ".." / name, tmp_path, plan_only=True).run
    assert (run.rows, run.file_name) == (2, NAMES[name])


def stored_as_said(name):
    run = ImportRun.objects.get()
    assert run.file_name == name
    names = {path.name for path in (configured.PRIVATE_DIR / "imports").iterdir() if path.stem == run.uid.hex}
    assert names == {f"{run.uid.hex}.csv", f"{run.uid.hex}.json"}


@pytest.mark.parametrize(
    "file",
    [
        "24-spreadsheet-far-cell",
        "28-bomb",
        "57-spreadsheet-dtd",
        "70-cell-of-20-megabytes",
        "72-spreadsheet-of-a-long-cell",
        "73-contacts-made-to-be-slow",
    ],
    indirect=True,
)
def test_hostile_file_keeps_nobody_waiting(file, lapp, tmp_path):
    """A cell far away, a bomb, an entity, a cell without end, an address made to be slow: over in two seconds and 300 MB."""
    began, took = time.process_time(), peak_megabytes(anew=True)
    by_command(file[0], tmp_path)
    assert time.process_time() - began < SECONDS_AT_MOST
    assert peak_megabytes() - took < MEGABYTES_AT_MOST


def peak_megabytes(*, anew=False):
    """The most memory this process had so far; anew: from now on, where the system lets it be counted anew."""
    if anew:
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
