"""The register of a moment: the same for ever, and given again by the command to whoever asks for that moment."""

import hashlib
import io
import itertools
import json

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from registry import journal
from registry import models as m
from registry.exports import terms
from registry.exports.layouts import LAYOUTS
from registry.exports.past import resolve
from registry.exports.register import FORMATS
from registry.journal.canonical import moment as utc_text
from registry.journal.canonical import public_commitment
from registry.journal.models import JournalEntry
from registry.rules.dates import HOME_ZONE
from tests.factories import make_norm, save

from .whole_registers import whole

pytestmark = pytest.mark.django_db
EVERY = list(itertools.product(LAYOUTS, FORMATS, terms.LANGUAGES))


def change_everything(operator, by):
    """Later edits of every kind: fields, links, laws, the operator itself, deletions, additions, and people."""
    with journal.unit_of_work(by=by, role="dpo", operator=operator):
        m.ActivityMeasure.objects.get().delete()
        m.ActivityDataCategory.objects.first().delete()
    for model in (m.Purpose, m.LegalBasis, m.DataCategory, m.Recipient, m.SecurityMeasure, m.ProcessingActivity, m.Law):
        for row in model.objects.all():
            row.name_en = row.name_ru = row.name_kk = "Другое имя"
            save(row)
    norm = m.Norm.objects.get()
    norm.article, norm.is_ground = "99", False
    save(norm)
    person = m.ResponsiblePerson.objects.get()
    person.name = "Somebody Else"
    save(person)
    operator.name_en, operator.address = "Renamed LLP", "Astana"
    save(operator)
    save(m.OperatorLaw(operator=operator, law=make_norm("EU-GDPR/6", law="EU-GDPR").law))
    save(m.ProcessingActivity(operator=operator, code="later", name_en="Later"))


def test_register_of_a_moment_is_the_same_bytes_for_ever(record, dpo):
    """Whatever is edited later, the register of a moment comes out the same to the byte, in every layout and language."""
    moment = resolve(None, "lapp")
    before = {each: whole("lapp", moment, *each) for each in EVERY}
    change_everything(record, dpo)
    after = {each: whole("lapp", resolve(moment.at, "lapp"), *each) for each in EVERY}
    assert after == before
    now = resolve(None, "lapp")
    assert all(whole("lapp", now, *each) != before[each] for each in EVERY)


def export(path, **options):
    given = {"operator": "lapp", "layout": "kz", "format": "csv", "output": str(path)} | options
    out = io.StringIO()
    call_command("export_register", stdout=out, **given)
    return out.getvalue()


def test_command_writes_the_file_and_tells_the_journal(record, dpo, tmp_path):
    """An export is two entries, before the first byte and after the last, and a run that says what left."""
    moment = resolve(None, "lapp")
    said = export(tmp_path / "r.csv", by="natalia", reason="Asked by the ministry")
    start, end = JournalEntry.objects.order_by("-seq")[1], JournalEntry.objects.order_by("-seq")[0]
    run = m.ExportRun.objects.get()
    content = (tmp_path / "r.csv").read_bytes()
    assert said == f"{tmp_path}/r.csv: 4 rows as of {moment.text}, entry {moment.seq}.\n"
    assert content == whole("lapp", moment, "kz", "csv", "en")
    assert (start.action, start.actor, start.operator, start.object_uid, start.run) == (
        "export.start", dpo.pk, "lapp", run.uid, run.pk,
    )  # fmt: skip
    assert json.loads(start.body)["public"] == public_commitment(
        {
            "uid": str(run.uid),
            "kind": "register",
            "filter": {"layout": "kz", "format": "csv", "language": "en", "on": moment.text},
            "started_at": utc_text(run.started_at),
        }
    )
    body = content[: content.rindex(b"#end")]
    assert (run.count, run.digest, run.reason) == (4, hashlib.sha256(body).hexdigest(), "Asked by the ministry")
    assert (end.action, json.loads(end.body)["count"], json.loads(end.body)["role"]) == ("export.finish", 4, "dpo")
    assert json.loads(end.body)["public"] == public_commitment(
        {"uid": str(run.uid), "count": 4, "digest": run.digest, "finished_at": utc_text(run.finished_at)}
    )
    assert list(tmp_path.iterdir()) == [tmp_path / "r.csv"]


@pytest.mark.parametrize("on", ["", "today"])
def test_command_gives_the_same_file_again_later(record, dpo, tmp_path, on):
    """What was exported as of now can be exported again by the moment printed in it, which its run keeps; tomorrow, too."""
    export(tmp_path / "now.csv", on=timezone.localdate(timezone=HOME_ZONE).isoformat() if on else "")
    printed = (tmp_path / "now.csv").read_text(encoding="utf-8-sig").splitlines()[8].removeprefix("As of,")
    assert m.ExportRun.objects.get().filter["on"] == printed
    change_everything(record, dpo)
    export(tmp_path / "again.csv", on=printed)
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "now.csv").read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"operator": "nobody"}, "There is no operator “nobody”. Known are: lapp."),
        ({"by": "nobody"}, "There is no active user “nobody”."),
        (
            {"on": "yesterday"},
            "“yesterday” is no moment. Write a day as 2026-01-31 or a time as 2026-01-31T18:00:00+05:00.",
        ),
        ({"output": "/nowhere/r.csv"}, "/nowhere/r.csv cannot be written: No such file or directory."),
    ],
)
def test_command_refuses_with_a_sentence(record, tmp_path, options, message):
    """A wrong argument is answered with what is wrong and what to do."""
    with pytest.raises(CommandError) as refusal:
        export(tmp_path / "r.csv", **options)
    assert str(refusal.value) == message
    assert list(tmp_path.iterdir()) == []
