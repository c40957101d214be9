"""What a source remembers, on the page of the columns: asked about where a file contradicts it, and never lost on the way."""

import re

import pytest

from registry.models import DataSubject, ImportRun, ImportSource
from tests import factories

from .import_pages import confirm, send, step, upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def purpose(lapp):
    return factories.make_purpose(lapp)


@pytest.fixture
def source(lapp):
    """How the files of a source are read, entered by hand."""

    def save(**said):
        return factories.save(ImportSource(operator=lapp, **{"name": "CRM"} | said))

    return save


def text_of(response):
    return re.sub(r"<[^>]*>", "", response.content.decode())


def test_numbers_of_another_header_row_are_asked_about(natalia):
    """Next week the columns stand otherwise: the page asks, takes nothing for known that was known by its number, and keeps
    what was known by its name."""
    response = upload(natalia, "Nr;;Телефон\n1;Ким;8 701 123 45 67\n".encode())
    confirm(natalia, send(natalia, response, column_0="crm_id", column_1="surname", new_source="Bare"))
    bare = ImportSource.objects.get()
    assert bare.mapping == "Nr=crm_id\n#2=surname"
    response = upload(natalia, "Nr;Телефон;\n1;8 701 123 45 67;Цой\n".encode(), source=bare.pk)
    assert "The source names columns by their number (#2=surname), which was said of another" in text_of(response)
    fields = [field.value() for _number, _header, _samples, field in response.context["form"].columns()]
    assert fields == ["crm_id", "phone", ""]
    confirm(natalia, send(natalia, response, column_2="surname"))
    bare.refresh_from_db()
    subject = DataSubject.objects.get()
    assert (subject.surname, subject.phone, bare.mapping) == ("Цой", "+77011234567", "Nr=crm_id\n#3=surname")
    upload(natalia, "Nr;Телефон;\n1;8 701 123 45 67;Ли\n".encode(), source=bare.pk)
    assert ImportRun.objects.latest("pk").state == "planned"


MONTH_FIRST = "ID;Имя;Дата рождения\n1;А;12/25/1990\n2;Б;01/02/1990\n".encode()


def test_order_of_dates_that_the_file_contradicts_is_asked_about(natalia, source):
    """Until somebody chooses the page comes back; what they choose is remembered."""
    crm = source(date_order="dmy")
    response = upload(natalia, MONTH_FIRST, source=crm.pk)
    assert (
        "The dates of the source are remembered as “day, month, year”, but dates of this file can only be read otherwise. Say "
        "which it is:\n  12/25/1990 · month, day, year: 25 December 1990"
    ) in text_of(response)
    assert response.context["form"]["date_order"].value() == ""
    response = send(natalia, response)
    assert "The dates of its source are remembered as “day, month, year”" in text_of(response)
    assert ImportRun.objects.get().state == "asking"
    confirm(natalia, send(natalia, response, date_order="mdy"))
    crm.refresh_from_db()
    assert (str(DataSubject.objects.get(crm_id="2").birth_date), crm.date_order) == ("1990-01-02", "mdy")


def test_order_that_is_said_on_the_page_rules(natalia, source):
    """Whoever saw the question and says the day comes first is heeded: what does not fit is turned down, row by row."""
    response = send(natalia, upload(natalia, MONTH_FIRST, source=source(date_order="dmy").pk), date_order="dmy")
    run = ImportRun.objects.get()
    assert (run.state, run.new, run.rejected) == ("planned", 1, 1)
    confirm(natalia, response)
    assert str(DataSubject.objects.get().birth_date) == "1990-02-01"


@pytest.mark.parametrize(
    ("remembered", "field", "code"),
    [
        ("third_parties=нет", "third_parties", "no"),
        ("cross_border=Жоқ", "cross_border", "no"),
        ("publication=да", "publication", "yes"),
        ("language=рус", "language", "ru"),
        ("consent_channel=web", "consent_channel", "web"),
        ("third_parties=maybe", "third_parties", "maybe"),
        ("consent_purpose=gone", "consent_purpose", "gone"),
        ("language=", "language", ""),
    ],
)
def test_default_that_is_remembered_in_words_is_chosen_on_the_page(natalia, source, remembered, field, code):
    """What a file may say in words a source may, too: the page shows it, and looking at the columns takes nothing away."""
    crm = source(defaults=remembered)
    response = upload(natalia, "ID;Имя\n1;А\n".encode(), source=crm.pk, look_first="on")
    assert response.context["form"][field].value() == code
    if field != "consent_channel":
        assert f'<option value="{code}" selected>' in str(response.context["form"][field])
    send(natalia, response)
    crm.refresh_from_db()
    assert crm.defaults == (f"{field}={code}" if code else "")
    assert ImportRun.objects.get().state == "planned"


def test_order_of_dates_that_no_list_offers_stays(natalia, source):
    """The year first is no answer to the question, but a source may remember it."""
    crm = source(date_order="ymd")
    content = "ID;Имя;Дата рождения\n1;А;1990-12-25\n2;Б;01/02/1990\n".encode()
    response = upload(natalia, content, source=crm.pk, look_first="on")
    assert '<option value="ymd" selected>year, month, day</option>' in str(response.context["form"]["date_order"])
    send(natalia, response)
    crm.refresh_from_db()
    assert (crm.date_order, ImportRun.objects.get().rejected) == ("ymd", 1)


CHANGED = "The source “CRM” was changed after this file was uploaded: the page shows what it says now."


def changed(source, **said):
    """As a colleague changes it."""
    for name, value in said.items():
        setattr(source, name, value)
    return factories.save(source)


def test_source_that_somebody_changed_meanwhile_is_not_overwritten(natalia, source):
    """As on the source's own form: the second is told, and shown what they had entered; nothing of the first is lost."""
    crm = source(defaults="language=ru")
    response = upload(natalia, "ID;Имя;Note\n1;А;Б\n".encode(), source=crm.pk, look_first="on")
    changed(crm, blank_clears=True, defaults="language=kk")
    conflict = send(natalia, response, column_2="surname")
    assert conflict.status_code == 409
    assert "Your changes were not saved, so that theirs are not lost." in text_of(conflict)
    entered = [(each["label"], each["value"]) for each in conflict.context["entered"]]
    assert entered == [("Language", "ru"), ("Empty cells clear what is stored", False), ("Note", "surname")]
    crm.refresh_from_db()
    assert (crm.blank_clears, crm.defaults, crm.mapping) == (True, "language=kk", "")
    assert ImportRun.objects.get().state == "asking"


def test_what_the_source_says_since_is_not_taken_for_this_file_either(natalia, source):
    """The page has no place for a default of opt-outs: whoever remembers nothing would take it unseen."""
    crm = source(defaults="language=ru")
    response = upload(natalia, "ID;Имя\n1;А\n".encode(), source=crm.pk, look_first="on")
    changed(crm, defaults="email_opt_out=yes")
    assert send(natalia, response, source="").status_code == 409
    page = natalia.get(step("columns", ImportRun.objects.get()))
    assert send(natalia, page, source="").status_code == 200
    assert ImportRun.objects.get().state == "planned"


def test_page_is_drawn_from_the_source_as_it_is(natalia, source):
    """What was noted when the file was uploaded is old by then; what is remembered on this page is nobody else's change."""
    crm = source(defaults="language=ru")
    upload(natalia, "ID;Имя;Note\n1;А;Б\n".encode(), source=crm.pk, look_first="on")
    changed(crm, blank_clears=True, defaults="language=kk", accept_damaged_names=True)
    response = natalia.get(step("columns", ImportRun.objects.get()))
    assert CHANGED in text_of(response)
    send(natalia, response, column_2="surname")
    crm.refresh_from_db()
    assert (crm.blank_clears, crm.defaults, crm.mapping) == (True, "language=kk", "Note=surname")
    assert (crm.accept_damaged_names, ImportRun.objects.get().state) == (True, "planned")
    page = natalia.get(step("columns", ImportRun.objects.get()))
    assert CHANGED not in text_of(page)
    assert send(natalia, page, column_2="").status_code == 200


def test_looking_again_does_not_take_a_change_of_the_source_for_seen(natalia, source):
    """What is kept over other headers was answered beside the source as it was: reading tells of the change."""
    crm = source(defaults="language=ru")
    response = upload(natalia, "ID;a,Имя\n1;x,А\n".encode(), source=crm.pk, look_first="on")
    changed(crm, defaults="language=kk")
    response = send(natalia, response, delimiter=",", again="1")
    assert response.context["form"]["language"].value() == "ru" and CHANGED not in text_of(response)
    assert send(natalia, response, column_0="crm_id").status_code == 409
    crm.refresh_from_db()
    assert crm.defaults == "language=kk"


@pytest.mark.parametrize("said", [{"delimiter": "|"}, {"encoding": "utf-16"}])
def test_source_that_no_longer_reads_the_file_leaves_its_page(natalia, source, said):
    """It is said why, and the file can still be read as before; the source stays as it is unless somebody chooses it anew."""
    crm = source(defaults="language=ru")
    upload(natalia, "ID;Имя;Note\n1;А;Б\n".encode(), source=crm.pk, look_first="on")
    changed(crm, defaults="language=kk", **said)
    response = natalia.get(step("columns", ImportRun.objects.get()))
    assert response.status_code == 200
    assert response.context["form"].trouble in text_of(response)
    assert ("“|”" if "delimiter" in said else "UTF-16") in response.context["form"].trouble
    form = response.context["form"]
    assert (form.found.header, form["language"].value()) == (["ID", "Имя", "Note"], "kk")
    assert CHANGED in text_of(response) and "Give this file up" in text_of(response)
    send(natalia, response, column_2="surname")
    crm.refresh_from_db()
    assert (ImportRun.objects.get().state, crm.defaults) == ("planned", "language=kk")
    assert {name: getattr(crm, name) for name in said} == said


def test_another_source_that_somebody_changed_meanwhile_is_not_overwritten_either(natalia, source):
    """The page may be remembered for any of them; for this file only it can be read at any rate."""
    other = source(name="Other")
    response = upload(natalia, "ID;Имя\n1;А\n".encode(), look_first="on")
    changed(other, report_to="crm@lapp.kz")
    assert send(natalia, response, source=other.pk).status_code == 409
    assert send(natalia, response).status_code == 200
    assert ImportRun.objects.get().state == "planned"
