"""The laws and their norms, from the project's files into the shared library. The files are the truth: rows follow them."""

from pathlib import Path
from typing import NamedTuple

from django.utils.translation import gettext as _

import registry
from registry.exports.register_file import CODE, Table, written_fields
from registry.journal import unit_of_work
from registry.models import AuthorityRequest, CountryProtection, DayOverride, DeadlineRule, Law, Norm, SubjectRequest

from .toml_tables import Reading

REGISTERS = Path(registry.__file__).parent / "registers"
LAWS = REGISTERS / "laws"
# In this order a record follows what it refers to.
LAW_TABLES = {
    "law": Table(Law),
    "norm": Table(Norm, CODE, "law"),
    "deadline_rule": Table(DeadlineRule, CODE, "law"),
    "day_override": Table(DayOverride, ("country", "day_on")),
    "country_protection": Table(CountryProtection, ("country", "valid_from"), "law"),
}


class LawsLoaded(NamedTuple):
    laws: int
    norms: int
    rules: int
    written: int
    kept: int


def law_files():
    return sorted(LAWS.glob("*.toml"))


def load_laws(paths=None, *, by=None, role="system", reason="") -> LawsLoaded:
    """Writes every law, norm, deadline rule, moved day and standing of a country that is new or differs from its file; `written` counts
    them.

    What no file has any more is kept, and `kept` counts it: registers, cases and history refer to norms and rules, and a decision that
    moved a day is taken back by another one, not by silence. Open cases are counted anew by the calendar as it is then; the version
    of their rules stays. Transfers that lean on a standing are suspended or taken up again. Raises TablesRefused with every problem of a file; nothing is written then.
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
        for model in (SubjectRequest, AuthorityRequest):
            for case in model.objects.open().select_related("operator"):
                case.recount()
    return LawsLoaded(len(met[Law]), len(met[Norm]), len(met[DeadlineRule]), written, _kept(met))


def _kept(met):
    laws = Law.objects.filter(pk__in=met[Law])
    stored = {
        Norm: Norm.objects.filter(law__in=laws),
        DeadlineRule: DeadlineRule.objects.filter(law__in=laws),
        DayOverride: DayOverride.objects.filter(country__in=laws.values("calendar_country")),
        CountryProtection: CountryProtection.objects.filter(law__in=laws),
    }
    return sum(records.exclude(pk__in=met[model]).count() for model, records in stored.items())


def _bring(reading, path, fields, law):
    """The stored record of that place in the file, and whether it had to be written."""
    name, key = path[0]
    table = LAW_TABLES[name]
    record = _stored(table, key, law) or table.model()
    has_law = table.parent == "law"
    stays = record.pk and written_fields(table, record, _references()) == fields and getattr(record, "law", law) == law
    if stays:
        return record, False
    reading.fill(record, table, fields, _norm)
    if has_law:
        if record.pk and record.law_id != law.pk:
            reading.note(path, _("this code is taken by %s. Choose another one.") % record.law, "code")
            reading.refuse_if_faulty()
        record.law = law
    reading.save(record, path)
    return record, True


def _stored(table, key, law):
    """A standing is told apart by its law, country and first day, which may be open; everything else by what it is called."""
    wanted = {name: value or None for name, value in zip(table.key, key, strict=True)}
    if table.model is CountryProtection:
        wanted["law"] = law
    elif not all(key):
        return None
    return table.model.objects.filter(**wanted).first()


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
    reading.records = dict(sorted(reading.records.items(), key=lambda item: _place(*item[0][0])))
    return reading


def _place(name, key):
    """In the order of the tables; of a country the standing that ended before the one that follows."""
    return list(LAW_TABLES).index(name), [str(part) for part in key] if name == "country_protection" else []


def load_missing_laws(*, by=None, role="system", reason=""):
    """Loads the project's laws where one of them is not in the library yet; a file is named after its law."""
    if Law.objects.filter(code__in=[path.stem.upper() for path in law_files()]).count() < len(law_files()):
        load_laws(by=by, role=role, reason=reason)
