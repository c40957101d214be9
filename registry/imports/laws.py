"""The laws and their norms, from the project's files into the shared library. The files are the truth: rows follow them."""

from pathlib import Path
from typing import NamedTuple

from django.utils.translation import gettext as _

import registry
from registry.exports.register_file import CODE, Table, written_fields
from registry.journal import unit_of_work
from registry.models import Law, Norm

from .toml_tables import Reading

REGISTERS = Path(registry.__file__).parent / "registers"
LAWS = REGISTERS / "laws"
LAW_TABLES = {"law": Table(Law), "norm": Table(Norm, CODE, "law")}


class LawsLoaded(NamedTuple):
    laws: int
    norms: int
    written: int
    kept: int


def law_files():
    return sorted(LAWS.glob("*.toml"))


def load_laws(paths=None, *, by=None, role="system", reason="") -> LawsLoaded:
    """Writes every law and norm that is new or differs from its file; `written` counts them.

    A norm that no file has any more is kept, and `kept` counts those: registers and history refer to it.
    Raises TablesRefused with every problem of a file; nothing is written then.
    """
    readings = [_read(path) for path in paths or law_files()]
    codes = {Law: set(), Norm: set()}
    written = 0
    with unit_of_work(by=by, role=role, reason=reason):
        for reading in readings:
            law = None
            for path, fields in reading.records.items():
                record, is_new = _stored_or_new(path, law)
                law = law or record
                codes[type(record)].add(record.code)
                table = LAW_TABLES[path[0][0]]
                if is_new or written_fields(table, record) != fields or getattr(record, "law", law) != law:
                    written += 1
                    reading.fill(record, table, fields)
                    if isinstance(record, Norm):
                        record.law = law
                    reading.save(record, path)
    kept = Norm.objects.filter(law__code__in=codes[Law]).exclude(code__in=codes[Norm]).count()
    return LawsLoaded(len(codes[Law]), len(codes[Norm]), written, kept)


def _read(path):
    reading = Reading(path, LAW_TABLES)
    laws = [key for ((name, key),) in reading.records if name == "law"]
    if not laws and not reading.problems:
        reading.note((), _("there is no [law] table. A file of norms names its law first."))
    for (step,) in reading.records:
        name, key = step
        if name == "norm" and laws and not key[0].startswith(f"{laws[0][0]}/"):
            reading.note((step,), _("the code of a norm begins with its law: “%s/”. Correct it.") % laws[0][0], "code")
    reading.refuse_if_faulty()
    reading.records = dict(sorted(reading.records.items(), key=lambda item: item[0][0][0] != "law"))
    return reading


def _stored_or_new(path, law):
    name, (code,) = path[0]
    model = LAW_TABLES[name].model
    record = model.objects.filter(code=code).first()
    return record or model(code=code, **({"law": law} if model is Norm else {})), record is None


def load_missing_laws(*, by=None, role="system", reason=""):
    """Loads the project's laws where one of them is not in the library yet; a file is named after its law."""
    if Law.objects.filter(code__in=[path.stem.upper() for path in law_files()]).count() < len(law_files()):
        load_laws(by=by, role=role, reason=reason)
