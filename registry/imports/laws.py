"""The laws and their norms, from the project's files into the shared library. The files are the truth: rows follow them."""

from pathlib import Path
from typing import NamedTuple

from django.utils.translation import gettext as _

import registry
from registry.exports.register_file import CODE, Table, written_fields
from registry.journal import unit_of_work
from registry.models import AuthorityRequest, DayOverride, DeadlineRule, Law, Norm, SubjectRequest

from .toml_tables import Reading

REGISTERS = Path(registry.__file__).parent / "registers"
LAWS = REGISTERS / "laws"
# In this order a record follows what it refers to.
LAW_TABLES = {
    "law": Table(Law),
    "norm": Table(Norm, CODE, "law"),
    "deadline_rule": Table(DeadlineRule, CODE, "law"),
    "day_override": Table(DayOverride, ("country", "day_on")),
}
KEPT = (Norm, DeadlineRule)


class LawsLoaded(NamedTuple):
    laws: int
    norms: int
    rules: int
    written: int
    kept: int


def law_files():
    return sorted(LAWS.glob("*.toml"))


def load_laws(paths=None, *, by=None, role="system", reason="") -> LawsLoaded:
    """Writes every law, norm, deadline rule and moved day that is new or differs from its file; `written` counts them.

    A norm or rule that no file has any more is kept, and `kept` counts those: registers, cases and history refer to it. Open cases are
    counted anew by the calendar as it is then; the version of their rules stays. Raises TablesRefused with every problem of a
    file; nothing is written then.
    """
    readings = [_read(path) for path in paths or law_files()]
    met = {table.model: set() for table in LAW_TABLES.values()}
    written = 0
    with unit_of_work(by=by, role=role, reason=reason):
        for reading in readings:
            law = None
            for path, fields in reading.records.items():
                record, is_written = _bring(reading, path, fields, law)
                law = law or record
                met[type(record)].add(record.pk)
                written += is_written
        for case in (*SubjectRequest.objects.open(), *AuthorityRequest.objects.open()):
            case.recount()
    kept = sum(model.objects.filter(law__in=met[Law]).exclude(pk__in=met[model]).count() for model in KEPT)
    return LawsLoaded(len(met[Law]), len(met[Norm]), len(met[DeadlineRule]), written, kept)


def _bring(reading, path, fields, law):
    """The stored record of that place in the file, and whether it had to be written."""
    name, key = path[0]
    table = LAW_TABLES[name]
    record = table.model.objects.filter(**dict(zip(table.key, key, strict=True))).first() or table.model()
    has_law = table.parent == "law"
    stays = record.pk and written_fields(table, record, _references()) == fields and getattr(record, "law", law) == law
    if stays:
        return record, False
    reading.fill(record, table, fields, _norm)
    if has_law:
        record.law = law
    reading.save(record, path)
    return record, True


def _references():
    return {Norm: dict(Norm.objects.values_list("pk", "code"))}


def _norm(model, code):
    return model.objects.get(code=code)


def _read(path):
    reading = Reading(path, LAW_TABLES)
    laws = [key for ((name, key),) in reading.records if name == "law"]
    if not laws and not reading.problems:
        reading.note((), _("there is no [law] table. A file of norms names its law first."))
    norms = {key[0] for ((name, key),) in reading.records if name == "norm"}
    for (step,), fields in reading.records.items():
        name, key = step
        if name == "norm" and laws and not key[0].startswith(f"{laws[0][0]}/"):
            reading.note((step,), _("the code of a norm begins with its law: “%s/”. Correct it.") % laws[0][0], "code")
        if name == "deadline_rule" and fields.get("norm") not in norms:
            said = fields.get("norm", "")
            reading.note(
                (step,), _("the file has no norm “%s”. Correct the reference, or add the norm.") % said, "norm"
            )
    reading.refuse_if_faulty()
    order = list(LAW_TABLES)
    reading.records = dict(sorted(reading.records.items(), key=lambda item: order.index(item[0][0][0])))
    return reading


def load_missing_laws(*, by=None, role="system", reason=""):
    """Loads the project's laws where one of them is not in the library yet; a file is named after its law."""
    if Law.objects.filter(code__in=[path.stem.upper() for path in law_files()]).count() < len(law_files()):
        load_laws(by=by, role=role, reason=reason)
