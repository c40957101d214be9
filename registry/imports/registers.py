"""A register file coming in: checked like the admin checks, written as one unit of work, never over edited records."""

from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from registry.exports.register_file import (
    CODE,
    LIBRARY,
    TABLES,
    clause_references,
    in_order,
    stored_records,
    table_of,
)
from registry.journal import unit_of_work
from registry.models import Clause, Law, Norm, Operator, ProcessingActivity, ResponsiblePerson

from .appointments import appointments_in, as_one, meant, turn
from .laws import load_missing_laws
from .toml_tables import Reading, TablesRefused, called, read_toml

CREATED, UNCHANGED, OVERWRITTEN = "created", "unchanged", "overwritten"
ACTIVE = ProcessingActivity.Status.ACTIVE


class Loaded(NamedTuple):
    operator: Operator
    outcome: str
    records: int


class RegisterEdited(TablesRefused):
    """The stored register differs from the file; `problems` names each difference."""


def load_register(path, *, by=None, role="system", reason="", overwrite=False) -> Loaded:
    """Makes the operator's register what the file says.

    A register that is stored already and differs is refused unless `overwrite`; then what the file does not have is
    deleted. Raises TablesRefused with every problem found; nothing is written then. Laws are loaded first where missing.
    """
    load_missing_laws(by=by, role=role, reason=reason)
    reading = Reading(path, TABLES)
    code = _operator_code(reading)
    operator = Operator.objects.filter(code=code).first()
    _check_references(reading)
    reading.refuse_if_faulty()
    stored = _known(operator, reading) if operator else {}
    differences = differences_of(stored, reading.records) if stored else []
    if stored and not differences:
        return Loaded(operator, UNCHANGED, len(reading.records))
    if stored and not overwrite:
        raise RegisterEdited([f"{reading.file}: {sentence}" for sentence in differences])
    with unit_of_work(by=by, role=role, operator=code, reason=reason):
        operator = Writing(reading, stored).write()
    return Loaded(operator, OVERWRITTEN if stored else CREATED, len(reading.records))


def operator_code_of(path):
    """The operator a register file is about, whatever the file is called; empty where it does not say."""
    table = read_toml(path).get("operator")
    code = table.get("code") if isinstance(table, dict) else None
    return code if isinstance(code, str) and "\0" not in code else ""


def _operator_code(reading):
    code = next((path[0][1][0] for path in reading.records if path[0][0] == "operator"), "")
    if not code and not reading.problems:
        reading.note((), _("there is no [operator] table. A register file begins with it and gives its code."))
    return code


def _known(operator, reading):
    """The stored records under the paths by which the file means them."""
    try:
        stored = stored_records(operator)
    except ValidationError as error:
        reading.refuse((), error)
    found = meant(appointments_in(reading.records), appointments_in(fields_of(stored)))
    called_now = {before: path for path, before in found.items()}
    return {called_now.get(path, path): each for path, each in stored.items()}


def fields_of(stored):
    return {path: each.fields for path, each in stored.items()}


def differences_of(stored, records):
    """What differs between the stored register and the file, a sentence each."""
    sentences = []
    for path in in_order({*stored, *records}):
        place = ", ".join(called(step) for step in path)
        if path not in records:
            sentences.append(_("%s is in the register, not in the file.") % place)
        elif path not in stored:
            sentences.append(_("%s is in the file, not in the register.") % place)
        else:
            old, new = stored[path].fields, records[path]
            names = [name for name in {**new, **old} if old.get(name) != new.get(name)]
            if names:
                said = {"place": place, "fields": ", ".join(names)}
                sentences.append(_("%(place)s differs in: %(fields)s.") % said)
    return sentences


def _references(records):
    """Which records of the file answer to which name: (model, name) → path."""
    answers = {(Clause, name): path for path, name in clause_references(records).items()}
    for path in records:
        table = table_of(path)
        if table.key == CODE:
            answers[table.model, path[-1][1][0]] = path
    return answers


def _check_references(reading):
    answers = _references(reading.records)
    known = {model: set(model.objects.values_list("code", flat=True)) for model in LIBRARY}
    advice = {
        Law: _("is not among the laws. Correct it, or add the law to registry/registers/laws and run load_laws."),
        Norm: _(
            "is not among the norms. Correct it, or add the norm to its law in registry/registers/laws and run load_laws."
        ),
    }
    for path, fields in reading.records.items():
        for field in table_of(path).fields:
            value = fields.get(field.name)
            if value is None or not field.is_relation:
                continue
            model = field.related_model
            if model in known and value not in known[model]:
                reading.note(path, f"“{value}” {advice[model]}", field.name)
            elif model not in known and (model, value) not in answers:
                said = {"value": value, "kind": model._meta.verbose_name}
                sentence = _("the file has no %(kind)s “%(value)s”. Correct the reference, or add the record.") % said
                reading.note(path, sentence, field.name)


class Writing:
    """Brings the stored records to what the file says: what is missing or differs is saved, the rest is left alone."""

    def __init__(self, reading, stored):
        self.reading = reading
        self.records = reading.records
        self.stored = stored
        self.answers = _references(self.records)
        self.objects = {path: each.record for path, each in stored.items()}
        self.operator = None

    def write(self):
        self.step_back()
        waiting = []
        operator, *others = in_order(self.records)
        self.put(operator, waiting)
        appointed = self.appoint()
        for path in others:
            if path not in appointed:
                self.put(path, waiting)
        for path in reversed(in_order(set(self.stored) - set(self.records) - appointed)):
            self.remove(path)
        for activity, path in waiting:
            activity.status = ACTIVE
            self.reading.save(activity, path)
        return self.operator

    def step_back(self):
        """Activities that the file does not have active stop being so first: what they stand on could not change else."""
        for path, each in self.stored.items():
            stays_active = self.records.get(path, {}).get("status") == ACTIVE
            if isinstance(each.record, ProcessingActivity) and each.record.status == ACTIVE and not stays_active:
                each.record.status = ProcessingActivity.Status.DRAFT
                self.reading.save(each.record, path)

    def appoint(self):
        """Writes the responsible persons, all of them as one change; their paths."""
        said, stored = appointments_in(self.records), appointments_in(fields_of(self.stored))
        paths = {*said, *stored}
        for path in paths:
            self.objects.setdefault(path, ResponsiblePerson()).asks_gate = False
        try:
            with as_one(self.operator):
                for path in sorted(in_order(paths), key=lambda path: turn(said.get(path), stored.get(path))):
                    if path in said:
                        self.put(path, [])
                    else:
                        self.remove(path)
        except ValidationError as error:
            self.reading.refuse((), error)
        return paths

    def put(self, path, waiting):
        table, fields = table_of(path), self.records[path]
        record = self.objects.get(path) or table.model()
        self.objects[path] = record
        if table.model is Operator:
            self.operator = record
        if path in self.stored and self.stored[path].fields == fields:
            return
        if table.model is ProcessingActivity and fields.get("status") == ACTIVE and record.status != ACTIVE:
            # Active only when its links are there: they decide whether anything blocks it.
            waiting.append((record, path))
            fields = {name: value for name, value in fields.items() if name != "status"}
        self.fill(record, table, path, fields)
        self.reading.save(record, path)

    def fill(self, record, table, path, fields):
        if table.model is not Operator:
            record.operator = self.operator
        if table.parent:
            setattr(record, table.parent, self.objects[path[:-1]])
        if len(path) == 3:  # the data of a purpose of an activity hang on both
            record.activity = self.objects[path[:1]]
        self.reading.fill(record, table, fields, self.find)

    def find(self, model, name):
        return model.objects.get(code=name) if model in LIBRARY else self.objects[self.answers[model, name]]

    def remove(self, path):
        try:
            self.objects[path].delete()
        except ProtectedError:
            self.reading.refuse(
                path, ValidationError(_("it is not in the file, but other records refer to it. Keep it in the file."))
            )
        except ValidationError as error:
            self.reading.refuse(path, error)
