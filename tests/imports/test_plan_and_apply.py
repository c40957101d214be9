import datetime as dt
import json

import pytest
from django.db import transaction
from django.utils import timezone

from registry.imports import storage
from registry.imports.apply import AlreadyTaken, apply, take
from registry.imports.asking import ask, said_so_far
from registry.imports.crm_file import Said
from registry.imports.inspection import FileRefused
from registry.journal import unit_of_work
from registry.models import Agreement, Consent, DataSubject, ImportRun, JournalEntry, ListedRow
from registry.operations.blocking import block
from tests import factories

from .crm import consent, csv_of, person

pytestmark = pytest.mark.django_db


def changes():
    """Entries of the journal that change something, newest first."""
    return JournalEntry.objects.filter(history_id__isnull=False)


def save(record):
    with unit_of_work(by=None, role="dpo", operator="lapp"):
        record.save()


def test_plan_writes_nothing(crm):
    """A plan reads and compares; until it is applied the register is as it was."""
    before = changes().count()
    run = crm.plan([person(1, **consent()), person(2)])
    assert (DataSubject.objects.count(), Consent.objects.count(), changes().count()) == (0, 0, before)
    assert (run.state, run.rows, crm.counts(run)) == ("planned", 2, {"new": 2})


def test_new_person_is_stored_clean_with_history_and_entry(crm):
    """Phone as E.164, dates as dates, the search key folded, one history row and one entry naming the run."""
    run = crm.load([person(1, iin="791028302728", birth_date="28.10.1979", patronymic="Мұратқызы")])
    subject = DataSubject.objects.get()
    assert (subject.crm_id, subject.phone, subject.birth_date) == ("C0000001", "+77010000001", dt.date(1979, 10, 28))
    assert subject.search_key == "касымова асем мураткызы asem1@example.kz 77010000001 791028302728 c0000001"
    assert (subject.source, subject.state, subject.operator) == ("CRM", "active", crm.operator)
    entry = changes().get(object_type="datasubject")
    assert (entry.action, entry.run, entry.object_uid) == ("create", run.pk, subject.uid)
    assert [each.uid for each in entry.subjects.all()] == [subject.uid]
    assert subject.history.get().history_change_reason == f"CRM import #{run.pk}"
    assert (run.state, run.expires_at) == ("applied", None)


def test_same_file_again_changes_nothing(crm):
    """The same export a second time: no change, no history row, only the entries of the run itself."""
    rows = [
        person(number, **consent(), agreement_number=f"A-{number}", agreement_on="11.09.2024") for number in range(1, 6)
    ]
    crm.load(rows)
    histories, last = changes().count(), JournalEntry.objects.count()
    run = crm.load(rows)
    assert (crm.counts(run), changes().count()) == ({"same": 5}, histories)
    assert list(JournalEntry.objects.filter(seq__gt=last).order_by("seq").values_list("action", flat=True)) == [
        "import.plan",
        "import.apply",
    ]


def test_later_export_changes_what_differs(crm):
    """Two of three phones changed: two history rows and two entries, each naming the field and nothing else."""
    crm.load([person(1), person(2), person(3)])
    histories = changes().count()
    run = crm.load([person(1, phone="87020000001"), person(2, phone="87020000002"), person(3)])
    assert (crm.counts(run), changes().count() - histories) == ({"changed": 2, "same": 1}, 2)
    assert [json.loads(entry.body)["fields"] for entry in changes().order_by("-seq")[:2]] == [["phone"], ["phone"]]
    assert DataSubject.objects.get(crm_id="C0000001").search_key.split()[3] == "77020000001"


def test_blank_cell_keeps_what_is_stored(crm):
    """A CRM that leaves a cell empty says nothing about it."""
    crm.load([person(1, **consent())])
    run = crm.load(
        [person(1, email="", phone="", given_name="", language="", **consent(consent_expires_on="", publication=""))]
    )
    assert crm.counts(run) == {"same": 1}
    assert DataSubject.objects.get().email == "asem1@example.kz"


def test_new_person_needs_a_name_and_a_known_one_does_not(crm):
    """Without surname and given name nobody new is taken; of a known person the stored name stays."""
    crm.load([person(1)])
    run = crm.load([person(1, surname="", given_name="", phone="87020000001"), person(2, surname="", given_name="")])
    assert crm.counts(run) == {"changed": 1, "rejected": 1}
    assert crm.reasons(run) == {3: ["surname: a new person needs a surname or a given name: fill one in"]}


def test_damaged_name_stops_the_row_unless_accepted(crm):
    """A lost letter stops the row; who accepts damaged names takes it as it is."""
    rows = [person(1, surname="?асымова"), person(2)]
    run = crm.load(rows)
    assert crm.counts(run) == {"new": 1, "stopped": 1}
    assert crm.reasons(run) == {
        2: [
            "surname “?асымова”: a letter of the name was lost on the way (“?”): export in UTF-8, or accept damaged names"
        ]
    }
    run = crm.load(rows, accept_damaged_names=True)
    assert crm.counts(run) == {"new": 1, "same": 1}
    assert DataSubject.objects.get(crm_id="C0000001").surname == "?асымова"
    taken = "letters of the name were lost on the way: it is taken as it is, for damaged names are accepted"
    assert (run.warnings, run.further) == ([f"Line 2, surname: {taken}"], 1)
    assert [row.reasons for row in run.listed_rows.filter(kind="further")] == [[f"surname “?асымова”: {taken}"]]
    again = crm.load(rows, accept_damaged_names=True)
    assert (crm.counts(again), again.warnings) == ({"same": 2}, []), "what is stored so is no news"


def test_no_name_is_told_as_taken_of_a_row_that_is_not(crm):
    """Damaged names are accepted, but the person is blocked, or the row is wrong: nothing of it is written."""
    crm.load([person(1)])
    with unit_of_work(by=None, role="system"):
        law = factories.make_law()
        block(DataSubject.objects.get(), law=law, cause="other", why="said so", by=None, at=timezone.now())
    rows = [person(1, surname="Петрова?"), person(2, surname="?асымова", email="x")]
    run = crm.plan(rows, accept_damaged_names=True)
    assert (crm.counts(run), run.warnings) == ({"rejected": 1, "stopped": 1}, [])


@pytest.mark.parametrize("damaged", ["?асымова", "Касымова", "КАСЫМОВА"])
def test_stored_name_is_never_overwritten_by_one_that_lost_letters(crm, damaged):
    """Lost letters, or Russian ones for Kazakh: the stored name is kept and the row listed; the rest is taken."""
    crm.load([person(1)])
    run = crm.load([person(1, surname=damaged, phone="87020000001")], accept_damaged_names=True)
    subject = DataSubject.objects.get()
    assert (subject.surname, subject.phone, crm.counts(run)) == ("Қасымова", "+77020000001", {"changed": 1})
    kept = "the stored name has the letters that this one lacks: it is kept"
    assert run.warnings == [f"Line 2, surname: {kept}"]
    assert crm.reasons(run) == {2: [f"surname “{damaged}”: {kept}"]}


def test_better_name_replaces_a_damaged_one(crm):
    """The right letters win over the lost ones."""
    crm.load([person(1, surname="?асымова")], accept_damaged_names=True)
    crm.load([person(1)])
    assert DataSubject.objects.get().surname == "Қасымова"


def test_iin_is_compared_with_the_stored_birth_date(crm):
    """A file that brings only the IIN cannot contradict the birth date in the register."""
    crm.load([person(1, birth_date="29.10.1979")])
    run = crm.load([person(1, iin="791028302728")])
    assert crm.reasons(run) == {
        2: [
            "iin “791028302728”: the IIN says the birth date 1979-10-28, the birth date given is another: correct one of them"
        ]
    }


def test_identity_and_state_columns_are_never_imported(crm):
    """A file cannot block a person, give a uid or move anybody to another operator; it is told that it tried."""
    crm.load([person(1)])
    subject = DataSubject.objects.get()
    content = "crm_id;given_name;uid;state;operator;Заметка\nC0000001;Әсем;0;blocked;kazger;x\n".encode()
    run = crm.load(content)
    assert crm.counts(run) == {"same": 1}
    assert run.warnings == [
        "Columns not imported: “Заметка”.",
        "Columns never imported, because identity and state are decided in the register: “uid”, “state”, “operator”.",
    ]
    again = DataSubject.objects.get()
    assert (again.uid, again.state, again.operator_id) == (subject.uid, "active", crm.operator.pk)


def test_people_of_another_operator_are_not_met(crm, kazger):
    """The same CRM id at another operator is another person."""
    other = factories.make_subject(kazger, crm_id="C0000001", surname="Петров")
    assert crm.counts(crm.load([person(1)])) == {"new": 1}
    other.refresh_from_db()
    assert other.surname == "Петров"


def test_ragged_row_is_rejected_with_its_cells(crm):
    """A row of another width goes back as it came; the good ones are taken."""
    run = crm.load("crm_id;given_name\nC1;Әсем\nC2;Әсем;x\n".encode())
    assert crm.counts(run) == {"new": 1, "rejected": 1}
    row = ListedRow.objects.get()
    assert (row.line, row.cells) == (3, ["C2", "Әсем", "x"])


def test_row_with_a_nul_is_rejected(crm):
    """A NUL is no text; the database never sees it."""
    run = crm.load("crm_id;given_name\nC1;Ә\0сем\n".encode())
    assert crm.reasons(run) == {
        2: ["given_name “Әсем”: the cell holds the control character U+0000, which is no text: type it again"]
    }


def test_file_without_rows_is_refused(crm):
    """A header alone is no list of people; the refusal is kept, told to the journal, and the file deleted."""
    run = crm.upload(b"crm_id;surname\n")
    from registry.imports.plan import make_plan

    with pytest.raises(FileRefused):
        make_plan(run, **crm.acting)
    run.refresh_from_db()
    assert (run.state, run.refusal) == (
        "refused",
        "The file has a header and no rows: there is nothing to import.",
    )
    assert JournalEntry.objects.order_by("-seq").first().action == "import.reject"
    assert not storage.file_of(run).exists()


def test_person_changed_since_the_plan_is_reported_not_overwritten(crm):
    """An officer's change between plan and apply stands; the row is stopped, the others are applied."""
    crm.load([person(1), person(2)])
    run = crm.plan([person(1, phone="87020000001"), person(2, phone="87020000002")])
    subject = DataSubject.objects.get(crm_id="C0000001")
    subject.phone = "+77050000003"
    save(subject)
    crm.apply(run)
    assert crm.counts(run) == {"changed": 1, "stopped": 1}
    subject.refresh_from_db()
    assert subject.phone == "+77050000003"
    assert crm.reasons(run) == {
        2: ["the person was changed in the register since the plan: import the file again to see how it differs"]
    }


def test_person_added_since_the_plan_is_reported_not_overwritten(crm):
    """Somebody entered the person by hand after the plan: the file does not write over it."""
    run = crm.plan([person(1)])
    factories.make_subject(crm.operator, crm_id="C0000001", surname="Петрова")
    crm.apply(run)
    assert (crm.counts(run), DataSubject.objects.get().surname) == ({"stopped": 1}, "Петрова")


def test_consent_withdrawn_since_the_plan_is_reported(crm):
    """A withdrawal after the plan counts as a change of the person."""
    crm.load([person(1, **consent())])
    run = crm.plan([person(1, **consent(consent_given_on="12.09.2025", consent_expires_on=""))])
    with unit_of_work(by=None, role="dpo", operator="lapp"):
        Consent.objects.get().withdraw(by=None, at=timezone.now())
    crm.apply(run)
    assert (crm.counts(run), Consent.objects.count()) == ({"stopped": 1}, 1)


def test_register_changed_since_the_plan_refuses_it(crm):
    """Another purpose or policy since the plan: what would be written is no longer what was shown."""
    run = crm.plan([person(1)])
    factories.make_purpose(crm.operator, "advertising", is_marketing=True)
    with pytest.raises(FileRefused, match="^Purposes, policies or data lists of the register changed since the plan"):
        crm.apply(run)
    run.refresh_from_db()
    assert (run.state, DataSubject.objects.count()) == ("refused", 0)


def test_plan_is_applied_once(crm):
    """A second confirmation finds the token spent."""
    run = crm.plan([person(1)])
    token = run.token
    crm.apply(run)
    for word in (token, "", run.token):
        with pytest.raises(AlreadyTaken):
            take(run, token=word, by=None)
    assert DataSubject.objects.count() == 1


def test_plan_stays_where_asking_anew_was_not_committed(crm):
    """What was said for another reading is written beside the plan: it is confirmed as it was shown."""
    run = crm.plan([person(1, birth_date="1990-02-01")])
    with pytest.raises(RuntimeError), transaction.atomic():
        ask(ImportRun.objects.get(), Said(defaults=("surname=Ким",)))
        raise RuntimeError
    assert said_so_far(run) == Said()
    assert crm.counts(crm.apply(run)) == {"new": 1}


def test_what_is_said_anew_of_a_planned_file_is_heeded(crm):
    """It is what the page of its columns shows from then on."""
    run = crm.plan([person(1)])
    ask(run, Said(date_order="mdy"))
    ask(run, Said(date_order="dmy"))
    assert (run.state, said_so_far(run).date_order) == ("asking", "dmy")


def test_file_changed_on_disk_is_refused(crm):
    """The plan is bound to the digest of the file."""
    run = crm.plan([person(1)])
    storage.file_of(run).write_bytes(csv_of([person(1, surname="Петрова")]))
    with pytest.raises(FileRefused, match="^The file is not the one that was planned"):
        crm.apply(run)
    assert DataSubject.objects.count() == 0


def test_import_cut_off_goes_on_with_the_first_row_not_applied(crm, monkeypatch):
    """After a crash whole chunks are in, the rest is not; going on loses nothing and doubles nothing."""
    from registry.imports import crm_file

    monkeypatch.setitem(crm_file.CHUNK_ROWS, "sqlite", 3)
    monkeypatch.setitem(crm_file.CHUNK_ROWS, "postgresql", 3)
    run = crm.plan([person(number, **consent()) for number in range(1, 9)] + [person(9, email="x")])

    def crash(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crm.apply(run, progress=crash)
    run = ImportRun.objects.get(pk=run.pk)
    assert (run.state, run.rows_done, run.new, DataSubject.objects.count()) == ("applying", 3, 3, 3)
    assert storage.file_of(run).exists()
    apply(run, **crm.acting)
    assert (run.state, run.rows_done, crm.counts(run)) == ("applied", 9, {"new": 8, "rejected": 1})
    assert (DataSubject.objects.count(), Consent.objects.count()) == (8, 8)
    assert changes().filter(run=run.pk).count() == 16
    assert not storage.file_of(run).exists()


def test_second_applier_of_one_run_yields(crm):
    """Two processes on one run: the one that comes second at a chunk writes nothing."""
    run = crm.plan([person(1), person(2)])
    taken = take(run, token=run.token, by=None)
    overtaken = ImportRun.objects.get(pk=run.pk)
    file, plan = storage.file_of(run).read_bytes(), storage.read_plan(run)
    apply(taken, **crm.acting)
    storage.file_of(run).write_bytes(file)
    storage.write_plan(run, plan)
    with pytest.raises(AlreadyTaken):
        apply(overtaken, **crm.acting)
    assert DataSubject.objects.count() == 2


def test_journal_that_cannot_be_written_rolls_the_chunk_back(crm, monkeypatch):
    """No entry, no change: people of a chunk whose entries fail are not in."""
    from django.db import DatabaseError

    from registry.journal import JournalUnavailable, unit

    run = crm.plan([person(1)])

    def full(*args):
        raise DatabaseError("disk full")

    monkeypatch.setattr(unit, "_append_locked", full)
    with pytest.raises(JournalUnavailable):
        crm.apply(run)
    assert (DataSubject.objects.count(), ImportRun.objects.get(pk=run.pk).rows_done) == (0, 0)


def test_chunk_that_met_another_writer_is_compared_anew(crm, monkeypatch):
    """Somebody enters the same person while the chunk is written: it is tried again, and the person is reported."""
    from django.db import IntegrityError

    from registry.journal import bulk

    run = crm.plan([person(1), person(2)])
    put = bulk.put

    def meets_another_writer(*batches):
        monkeypatch.setattr(bulk, "put", put)
        raise IntegrityError

    monkeypatch.setattr(bulk, "put", meets_another_writer)
    crm.apply(run)
    assert (crm.counts(run), DataSubject.objects.count()) == ({"new": 2}, 2)


def test_agreements_are_kept_by_number(crm):
    """An agreement is known by its number: another date changes it, another number adds one, none changes nothing."""
    crm.load([person(1, agreement_number="A-1", agreement_on="11.09.2024"), person(2, agreement_number="A-2")])
    run = crm.load(
        [
            person(1, agreement_number="A-1", agreement_on="12.09.2024"),
            person(2, agreement_number="A-3", agreement_on="01.10.2024"),
            person(3),
        ]
    )
    assert crm.counts(run) == {"new": 1, "changed": 2}
    assert list(Agreement.objects.order_by("number").values_list("number", "concluded_on")) == [
        ("A-1", dt.date(2024, 9, 12)),
        ("A-2", None),
        ("A-3", dt.date(2024, 10, 1)),
    ]


def test_agreement_cannot_begin_after_it_ended(crm):
    """A date after the stored end is a contradiction for people to solve."""
    crm.load([person(1, agreement_number="A-1", agreement_on="11.09.2024")])
    agreement = Agreement.objects.get()
    agreement.ended_on = dt.date(2025, 1, 1)
    save(agreement)
    run = crm.load([person(1, agreement_number="A-1", agreement_on="02.01.2025")])
    assert crm.reasons(run) == {
        2: ["agreement_on “2025-01-02”: the agreement ended on 2025-01-01, before this date: correct it"]
    }
