"""The page on which somebody says how a file is read."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.admin import import_columns
from registry.imports import asking, storage
from registry.imports.apply import cancel
from registry.models import Consent, DataSubject, ImportRun, ImportSource, JournalEntry
from tests import factories
from tests.imports.crm import person

from .import_pages import confirm, page_of, send, step, upload

pytestmark = pytest.mark.django_db
HUBSPOT = b"Record ID,First Name,Date of birth,Consent date,Note\n1,Anna,1990-02-01,2024-01-31,x\n2,Olga,1991-03-04,,\n"
OPEN = b"Nr;Full Name;Birthdate;Phone;Phone\n1;Anna Petrova;01/02/1990;8 (701) 123-45-67;\n2;Kim Asel;03/04/1991;;x\n"


@pytest.fixture(autouse=True)
def purpose(lapp):
    return factories.make_purpose(lapp)


def test_page_shows_columns_values_and_what_they_are_taken_for(natalia):
    """Every header with its first values and the field it stands for, so far as it is known."""
    response = upload(natalia, HUBSPOT, look_first="on")
    columns = [
        (number, header, samples, field.value())
        for number, header, samples, field in response.context["form"].columns()
    ]
    assert columns == [
        (1, "Record ID", ["1", "2"], "crm_id"),
        (2, "First Name", ["Anna", "Olga"], "given_name"),
        (3, "Date of birth", ["1990-02-01", "1991-03-04"], "birth_date"),
        (4, "Consent date", ["2024-01-31"], "consent_given_on"),
        (5, "Note", ["x"], ""),
    ]
    assert (
        '<option value="email-information">email-information (email-information)</option>' in response.content.decode()
    )


def test_what_is_said_on_the_page_is_how_the_file_is_read(natalia):
    """Columns, defaults and the order of dates count; then the plan is made and can be applied."""
    response = upload(natalia, HUBSPOT, look_first="on")
    response = send(
        natalia, response, column_4="surname", consent_purpose="email-information", cross_border="no", language="en"
    )
    run = ImportRun.objects.get()
    assert response.redirect_chain == [(page_of(run), 302)]
    assert (run.state, run.new) == ("planned", 2)
    assert run.defaults == {"consent_purpose": "email-information", "cross_border": "no", "language": "en"}
    confirm(natalia, response)
    subject = DataSubject.objects.get(crm_id="1")
    assert (subject.surname, subject.language) == ("x", "en")
    assert Consent.objects.get().cross_border is False


def test_questions_are_asked_and_answered(natalia):
    """Without a key and with dates of two readings the page asks; each answer that is missing is told."""
    response = upload(natalia, OPEN)
    text = response.content.decode()
    assert "No column holds the id of the person in the CRM." in text
    assert "01/02/1990 · day, month, year: 1 February 1990 · month, day, year: 2 January 1990" in re.sub(
        "<[^>]*>", "", text
    )
    response = send(natalia, response)
    assert "No column holds the id of the person in the CRM." in response.content.decode()
    response = send(natalia, response, column_0="crm_id")
    assert "Its dates can be read with the day first and with the month first." in response.content.decode()
    assert ImportRun.objects.get().state == "asking"
    response = send(natalia, response, column_0="crm_id", date_order="mdy")
    confirm(natalia, response)
    anna = DataSubject.objects.get(crm_id="1")
    assert (anna.surname, anna.given_name, str(anna.birth_date)) == ("Petrova", "Anna", "1990-01-02")


def test_two_columns_for_one_field_are_told(natalia):
    """A choice that no file can have comes back with its sentence; nothing is read."""
    response = upload(natalia, HUBSPOT, look_first="on")
    response = send(natalia, response, column_4="given_name")
    assert "Columns 2, 5 all hold “given_name”." in response.content.decode()
    assert ImportRun.objects.get().state == "asking"
    assert response.context["form"]["column_4"].value() == "given_name"


def test_plan_is_read_otherwise(natalia):
    """A plan that was read wrongly is read anew; the old confirmation confirms nothing any more."""
    old = upload(natalia, [person(1, given_name="Анна")])
    run = ImportRun.objects.get()
    page = natalia.get(step("columns", run))
    assert ImportRun.objects.get().state == "planned"
    response = send(natalia, page, column_1="", column_2="surname")
    assert confirm(natalia, old).status_code == 400
    assert DataSubject.objects.count() == 0
    confirm(natalia, response)
    subject = DataSubject.objects.get()
    assert (subject.surname, subject.given_name) == ("Анна", "")


def test_file_is_read_again_with_what_was_said(natalia):
    """Another delimiter shows other columns at once; nothing is judged or planned by it."""
    content = "ID;a,b;Имя\n1;x,y;Анна\n".encode()
    response = upload(natalia, content, look_first="on")
    assert [header for _number, header, _samples, _field in response.context["form"].columns()] == ["ID", "a,b", "Имя"]
    response = send(natalia, response, delimiter=",", again="1")
    assert [header for _number, header, _samples, _field in response.context["form"].columns()] == ["ID;a", "b;Имя"]
    response = send(natalia, response, delimiter="|", again="1")
    assert "The header has no “|”, so it is not the delimiter." in response.content.decode()
    assert ImportRun.objects.get().state == "asking"


def test_reading_again_keeps_what_was_answered(natalia):
    """Where the columns stay the same, nobody has to say them twice."""
    response = upload(natalia, HUBSPOT, look_first="on")
    response = send(natalia, response, column_4="surname", blank_clears="on", encoding="utf-8", again="1")
    form = response.context["form"]
    assert (form["column_4"].value(), form["blank_clears"].value(), form["encoding"].value()) == (
        "surname",
        "on",
        "utf-8",
    )
    assert ImportRun.objects.get().state == "asking"


ANSWERS = {"language": "kk", "consent_channel": "web", "blank_clears": "on", "new_source": "HubSpot", "source": ""}
ONE_HEADER = b"ID;a,b;Date\n1;x,y;1990-02-01\n"


def shown(response, *names):
    """What the fields of the form say that was drawn."""
    return {name: response.context["form"][name].value() for name in names}


@pytest.mark.parametrize("again", [{"again": "1"}, {}])
def test_reading_that_is_refused_keeps_what_was_answered(natalia, again):
    """A delimiter that is none of the file's: the sentence says so, and nothing has to be said twice."""
    said = ANSWERS | {"delimiter": "|", "column_1": "surname", "date_order": "mdy"}
    response = send(natalia, upload(natalia, ONE_HEADER, look_first="on"), **said, **again)
    assert response.context["form"].trouble.startswith("The header has no “|”, so it is not the delimiter.")
    assert shown(response, *said) == said
    response = send(natalia, response, delimiter=";")
    run = ImportRun.objects.get()
    assert (run.state, run.mapping[1], run.source.name) == ("planned", ["a,b", "surname"], "HubSpot")


@pytest.mark.parametrize("again", [{"again": "1"}, {}])
def test_other_headers_keep_what_is_not_said_of_a_column(natalia, again):
    """Read with another delimiter the file has other columns: they are asked about anew, all else stands as it was answered."""
    said = ANSWERS | {"delimiter": ","}
    response = upload(natalia, ONE_HEADER, look_first="on")
    response = send(natalia, response, **said, column_1="surname", date_order="mdy", **again)
    assert response.context["form"].found.header == ["ID;a", "b;Date"]
    assert shown(response, *said) == said
    assert shown(response, "column_1", "date_order") == {"column_1": "", "date_order": ""}
    refused = send(natalia, response, delimiter="|", column_1="email", again="1")
    assert refused.context["form"].found.header == ["ID", "a,b", "Date"]
    assert shown(refused, *said, "column_1") == said | {"delimiter": "|", "column_1": ""}
    assert ImportRun.objects.get().state == "asking"


def test_answers_for_other_columns_are_not_taken(natalia):
    """Who changes the delimiter and goes on at once sees the new columns first."""
    response = upload(natalia, b"ID;a,b\n1;x,y\n", look_first="on")
    response = send(natalia, response, delimiter=",", column_1="surname")
    assert "The columns were read anew: look at them, then go on." in response.content.decode()
    assert ImportRun.objects.get().state == "asking"


def test_what_is_said_is_remembered_for_a_source(natalia, lapp):
    """A new source keeps only what the headers do not tell; a value for empty cells and the ticks are kept as said."""
    response = upload(natalia, HUBSPOT, look_first="on")
    send(
        natalia,
        response,
        column_4="surname",
        consent_purpose="email-information",
        accept_damaged_names="on",
        blank_clears="on",
        new_source="HubSpot",
    )
    source, run = ImportSource.objects.get(), ImportRun.objects.get()
    assert (source.name, source.operator, run.source) == ("HubSpot", lapp, source)
    assert (source.mapping, source.defaults) == ("Note=surname", "consent_purpose=email-information")
    assert (source.accept_damaged_names, source.blank_clears, run.blank_clears) == (True, True, True)
    assert source.history.get().history_change_reason == f"columns of import #{run.pk}"


def test_source_that_is_chosen_is_said_anew(natalia, lapp):
    """What a source says besides the page's fields stays; a name that is taken is refused."""
    source = factories.save(
        ImportSource(
            operator=lapp, name="CRM", defaults="consent_expires_on=2034-01-01\nlanguage=ru", report_to="a@b.kz"
        )
    )
    response = upload(natalia, HUBSPOT, look_first="on", source=source.pk)
    assert response.context["form"]["language"].value() == "ru"
    refused = send(natalia, response, source="", new_source="CRM")
    assert "There is a source of this name already. Choose it, or another name." in refused.content.decode()
    send(natalia, response, language="kk")
    source.refresh_from_db()
    assert (source.defaults, source.report_to) == ("consent_expires_on=2034-01-01\nlanguage=kk", "a@b.kz")


def test_nothing_is_remembered_of_a_run_that_went_on(natalia, lapp, monkeypatch):
    """Somebody gave the file up, or another tab read it, in the same moment: the source stays as it was."""
    source = factories.save(ImportSource(operator=lapp, name="Sales", mapping="Имя=given_name"))
    response = upload(natalia, [person(1)], look_first="on")
    entries = JournalEntry.objects.filter(object_type="importsource").count()

    def went_on(*_args, **_kwargs):
        raise storage.AlreadyTaken

    monkeypatch.setattr("registry.admin.import_columns.ask", went_on)
    assert send(natalia, response, source=source.pk, column_1="").status_code == 400
    source.refresh_from_db()
    assert source.mapping == "Имя=given_name"
    assert JournalEntry.objects.filter(object_type="importsource").count() == entries


def test_page_is_the_uploaders_alone(natalia, lapp, kazger, client):
    """The file's values are shown to whoever brought it, to no colleague and to no other operator."""
    upload(natalia, OPEN)
    url = step("columns", ImportRun.objects.get())
    for user, status in (
        (factories.make_user("dpo", lapp), 404),
        (factories.make_user("registrar", lapp), 404),
        (factories.make_user("auditor", lapp), 403),
        (factories.make_user("dpo", kazger), 404),
    ):
        client.force_login(user, backend="registry.scope.RoleBackend")
        assert client.get(url).status_code == client.post(url, {}).status_code == status
    assert ImportRun.objects.get().state == "asking"


def test_file_that_is_gone_is_said_so(natalia):
    """Where the file was deleted meanwhile there is nothing to say of it."""
    upload(natalia, OPEN)
    run = ImportRun.objects.get()
    storage.discard(run)
    response = natalia.get(step("columns", run))
    assert response.status_code == 400
    text = response.content.decode()
    assert "The file of this import has been deleted. Upload it again." in text
    assert f'href="{page_of(run)}"' in text.partition('id="content-main"')[2]


def given_up(run):
    cancel(ImportRun.objects.get(), by=run.owner, role="registrar")
    return "Given up: nothing of the file was written, and it is deleted."


def out_of_time(run):
    ImportRun.objects.update(expires_at=timezone.now())
    storage.purge_expired()
    return "The file had its time and was deleted; nothing of it was written. Upload it again to import it."


@pytest.mark.parametrize("ended", [given_up, out_of_time])
@pytest.mark.parametrize(
    ("module", "moment", "sent"),
    [
        (asking, "inspect", None),
        (asking, "Table", None),
        (asking, "look", None),
        (asking, "_samples", None),
        (asking, "inspect", {}),
        (asking, "_samples", {"again": "1"}),
        (import_columns, "CRMFile", {}),
    ],
)
def test_file_that_goes_while_it_is_read_leads_to_its_run(natalia, monkeypatch, module, moment, sent, ended):
    """Given up in another tab, or its hour ends, in that very moment: the page of the run says what became of the file."""
    drawn = upload(natalia, OPEN)
    run, whole, said = ImportRun.objects.get(), getattr(module, moment), []

    def gone_meanwhile(*args, **kwargs):
        said.append(ended(run)) if not said else None
        return whole(*args, **kwargs)

    monkeypatch.setattr(module, moment, gone_meanwhile)
    if sent is None:
        answer = natalia.get(step("columns", run), follow=True)
    else:
        answer = send(natalia, drawn, column_0="crm_id", date_order="mdy", **sent)
    assert answer.redirect_chain == [(page_of(run), 302)]
    assert said[0] in answer.content.decode()


def test_file_that_is_lost_while_it_is_read_is_said_so(natalia, monkeypatch):
    """The run still waits, its file is gone from the disk: the same sentence as where it was gone before."""
    upload(natalia, OPEN)
    run = ImportRun.objects.get()
    monkeypatch.setattr(asking, "_samples", lambda table: storage.discard(run) or list(table))
    answer = natalia.get(step("columns", run))
    assert answer.status_code == 400
    assert "The file of this import has been deleted. Upload it again." in answer.content.decode()


def test_run_that_was_applied_has_no_columns_to_name(natalia):
    """What is written is not read otherwise: the page leads to the run."""
    confirm(natalia, upload(natalia, [person(1)]))
    run = ImportRun.objects.get()
    assert natalia.get(step("columns", run)).url == page_of(run)
    assert natalia.post(step("columns", run), {"column_0": "crm_id"}).url == page_of(run)


def test_hostile_cells_are_text_and_the_page_stays_small(natalia):
    """Markup in headers and cells is shown as text; two hundred columns are a page below 100 KB without a select each."""
    header = ["ID", "<b>x</b>", *(f"UF_CRM_{number}" for number in range(198))]
    row = ["1", "<script>alert(1)</script>", *(f"значение {number} и ещё довольно много слов" for number in range(198))]
    response = upload(natalia, "\n".join(";".join(cells) for cells in (header, row)).encode(), look_first="on")
    text = response.content.decode()
    assert "<b>x" not in text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert len(response.content) < 100_000
    response = send(natalia, response, column_2="surname", column_3="no field")
    assert "no field" in response.content.decode()
    response = send(natalia, response, column_2="surname", column_3="")
    run = ImportRun.objects.get()
    assert (run.state, run.mapping[2]) == ("planned", ["UF_CRM_0", "surname"])


@pytest.mark.parametrize("count", [32, 33, 200])
def test_headers_of_any_length_are_cut_on_the_page(natalia, count):
    """A header may have ten thousand characters; the page of two hundred such stays below 100 KB."""
    header = ["ID", "surname", *(f"H{number}" + "<&'" * 3000 for number in range(count - 2))]
    row = ["1", "X", *("<&" * 50 for _number in range(count - 2))]
    response = upload(natalia, "\n".join(";".join(cells) for cells in (header, row)).encode(), look_first="on")
    assert len(response.context["form"].found.header) == count
    assert len(response.content) < 100_000


def test_no_value_of_the_file_is_kept_by_looking(natalia):
    """Headers that are somebody's row are not kept with the source that is remembered, nor told to the journal."""
    response = upload(natalia, "C1;Иванов;ivan@example.kz\nC2;Петров;\n".encode())
    send(natalia, response, column_0="crm_id", column_1="surname", column_2="email", new_source="Bare")
    assert ImportSource.objects.get().mapping == "#1=crm_id\n#2=surname\n#3=email"
    assert not any("Иванов" in entry.body for entry in JournalEntry.objects.all())


SOURCE = reverse("admin:registry_importsource_add")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"mapping": "Имя"}, "“Имя” is none."),
        ({"mapping": "Имя=uid"}, "“Имя=uid” is none."),
        ({"defaults": "crm_id=1"}, "A default is written field=value"),
        (
            {"defaults": "phone=+77011234567"},
            "“phone” is somebody’s own: it cannot be the same for everybody in a source.",
        ),
        (
            {"defaults": "agreement_number=A-1"},
            "“agreement_number” is somebody’s own: it cannot be the same for everybody in a source.",
        ),
        ({"defaults": "consent_purpose=none"}, "The operator has no purpose of this code (it has: email-information)"),
        ({"encoding": "koi8-r"}, "Select a valid choice."),
    ],
)
def test_source_keeps_only_what_an_import_can_read(natalia, said, sentence):
    """A line that an import would refuse is refused in its form, in the same words."""
    seen = natalia.get(SOURCE).context["seen"]
    response = natalia.post(SOURCE, {"name": "CRM", "_seen": seen, "_reason": "x", **said})
    assert sentence in response.content.decode()
    assert not ImportSource.objects.exists()


def test_source_is_entered_by_hand(natalia):
    """What is right is kept, without blank lines."""
    seen = natalia.get(SOURCE).context["seen"]
    said = {
        "mapping": "Имя=given_name\r\n\r\n Код = crm_id ",
        "defaults": "consent_purpose=email-information",
        "delimiter": ";",
    }
    natalia.post(SOURCE, {"name": "CRM", "_seen": seen, "_reason": "x", **said})
    source = ImportSource.objects.get()
    assert (source.mapping, source.delimiter) == ("Имя=given_name\nКод = crm_id", ";")
