"""An operator's register as a TOML file: what belongs to it, in which order, and what a record looks like there.

The loader reads by the same tables (imports/registers.py), so a dump loads back without a change.
"""

import re
from typing import Any, NamedTuple

import tomli_w
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from registry.models import (
    ActivityClause,
    ActivityDatabase,
    ActivityDataCategory,
    ActivityMeasure,
    ActivityPurpose,
    ActivityRecipient,
    ActivityRetention,
    ActivitySubjectCategory,
    Clause,
    CrossBorderTransfer,
    Database,
    DataCategory,
    IncompatiblePurposes,
    Law,
    LegalBasis,
    Norm,
    Operator,
    OperatorLaw,
    OperatorTerm,
    Policy,
    ProcessingActivity,
    Purpose,
    Recipient,
    RequestMark,
    ResponsiblePerson,
    RetentionRule,
    SecurityMeasure,
    SubjectCategory,
    Tracker,
    TransferCategory,
    User,
)
from registry.models.fields import CodesField

from .stream import TRAILER, Sealed, end

CODE = ("code",)
EMPTY = (None, "", [])
# To TOML the first and the last line of a dump are remarks.
HEAD = f"# A whole register. Without its last line, {TRAILER}, the file was cut off: do not load it."


class Table(NamedTuple):
    """A kind of record in the file. `key` tells its records apart; a nested table hangs on its `parent`."""

    model: type
    key: tuple[str, ...] = CODE
    parent: str = ""
    children: dict[str, "Table"] = {}

    @property
    def fields(self):
        """The fields the file carries, the code first. Staff accounts, computed values and what acts leave are not the register's."""
        parents = {self.parent, "activity"} if self.parent else set()
        skipped = {"id", "uid", "operator", "sha256", "merged_into", "suspended_on", "suspension", *parents}
        fields = [
            field
            for field in self.model._meta.concrete_fields
            if field.name in self.model.FIELD_CLASSES and field.name not in skipped and field.related_model is not User
        ]
        return sorted(fields, key=lambda field: field.name != "code")

    @property
    def is_single(self):
        """Written once, as [operator] or [law], not as a list of tables."""
        return self.model in (Operator, Law)

    @property
    def is_link(self):
        """A link that says nothing but what it points to is written as that one code."""
        return bool(self.parent) and self.model._meta.get_field(self.key[0]).is_relation


PURPOSE_DATA = Table(ActivityDataCategory, ("data_category",), "activity_purpose")
ACTIVITY_LINKS = {
    "subject_categories": Table(ActivitySubjectCategory, ("subject_category",), "activity"),
    "databases": Table(ActivityDatabase, ("database",), "activity"),
    "retention": Table(ActivityRetention, ("rule", "data_category"), "activity"),
    "measures": Table(ActivityMeasure, ("measure",), "activity"),
    "clauses": Table(ActivityClause, ("clause",), "activity"),
    "purposes": Table(ActivityPurpose, ("purpose",), "activity", {"data_categories": PURPOSE_DATA}),
    "recipients": Table(ActivityRecipient, ("recipient",), "activity"),
}
# In this order a record follows whatever it refers to.
TABLES = {
    "operator": Table(Operator),
    "operator_law": Table(OperatorLaw, ("law",)),
    "policy": Table(Policy, ("version", "language"), "", {"clauses": Table(Clause, ("number",), "policy")}),
    "operator_term": Table(OperatorTerm),
    "responsible_person": Table(ResponsiblePerson, ("name", "appointed_on")),
    "request_mark": Table(RequestMark, ("mailbox", "subject_line")),
    "purpose": Table(Purpose),
    "incompatible_purposes": Table(IncompatiblePurposes, ("purpose", "other")),
    "legal_basis": Table(LegalBasis),
    "data_category": Table(DataCategory),
    "subject_category": Table(SubjectCategory),
    "database": Table(Database),
    "retention_rule": Table(RetentionRule),
    "security_measure": Table(SecurityMeasure),
    "recipient": Table(Recipient),
    "tracker": Table(Tracker),
    "processing_activity": Table(ProcessingActivity, children=ACTIVITY_LINKS),
    "cross_border_transfer": Table(
        CrossBorderTransfer,
        children={"data_categories": Table(TransferCategory, ("data_category",), "transfer")},
    ),
}
LIBRARY = (Law, Norm)

# A record's place in the file: (table, key) of the record itself after those it hangs on.
Path = tuple[tuple[str, tuple], ...]


class Stored(NamedTuple):
    record: Any
    fields: dict[str, Any]


def table_of(path: Path) -> Table:
    table = TABLES[path[0][0]]
    for name, _key in path[1:]:
        table = table.children[name]
    return table


def in_order(paths):
    """Paths so that each follows what it refers to and hangs on; clause 3.10 after 3.9, the preamble first."""
    return sorted(paths, key=_place)


def _place(path):
    place, tables = [], TABLES
    for name, key in path:
        place.append((list(tables).index(name), [_natural(str(part)) for part in key]))
        tables = tables[name].children
    return place


def _natural(text):
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.split(r"(\d+)", text) if part]


def without_empty(table, fields):
    """What the file has to say: neither what is empty nor what is the default anyway."""
    written = {}
    for field in table.fields:
        value = fields.get(field.name)
        if value not in EMPTY and value != field.get_default():
            written[field.name] = value
    return written


def key_of(table, fields):
    defaults = {field.name: field.get_default() for field in table.fields}
    return tuple(fields.get(name, defaults.get(name)) or "" for name in table.key)


def clause_references(paths):
    """How other records call a clause: by its number, with policy version and language where two policies have it."""
    clauses = [path for path in paths if table_of(path).model is Clause]
    numbers = [path[-1][1][0] for path in clauses]
    references = {}
    for path, number in zip(clauses, numbers, strict=True):
        unique = numbers.count(number) == 1
        references[path] = number if unique else " / ".join([*path[0][1], number])
    return references


def stored_records(operator) -> dict[Path, Stored]:
    """Every record of the operator's register with its fields as the file writes them.

    ValidationError where two have one key: a file would have one of them only.
    """
    references = {model: dict(model.objects.values_list("pk", "code")) for model in LIBRARY}
    stored = {}
    for name, table in TABLES.items():
        _collect(operator, name, table, {}, references, stored)
    return stored


def _collect(operator, name, table, parents, references, stored):
    """Adds the records of a table and of those nested in it; `parents`: path of each enclosing record by its id."""
    rows = (
        Operator.objects.filter(pk=operator.pk)
        if table.model is Operator
        else table.model.objects.filter(operator=operator)
    )
    places = {}
    for record in rows.order_by("pk"):
        fields = written_fields(table, record, references)
        above = parents[getattr(record, f"{table.parent}_id")] if table.parent else ()
        path = (*above, (name, key_of(table, fields)))
        places[record.pk] = path
        if path in stored:
            raise doubled(name, path[-1][1])
        stored[path] = Stored(record, fields)
    if table.model is Clause:
        calls = clause_references(places.values())
        references[Clause] = {pk: calls[path] for pk, path in places.items()}
    elif table.key == CODE:
        references[table.model] = {pk: path[-1][1][0] for pk, path in places.items()}
    for child, nested in table.children.items():
        _collect(operator, child, nested, places, references, stored)


def doubled(kind, key):
    """Two entries that no file can tell apart, stored before a second one was refused."""
    told = {"kind": kind, "key": " / ".join(str(part) for part in key if part)}
    return ValidationError(
        _(
            "The register has %(kind)s “%(key)s” twice, and a file holds one of them. Correct or delete one in the admin first."
        )
        % told
    )


def written_fields(table, record, references=None):
    """What the file says of a stored record; `references`: how records of other models are called, by id."""
    return without_empty(table, {field.name: _written(field, record, references or {}) for field in table.fields})


def _written(field, record, references):
    value = field.value_from_object(record)
    if field.is_relation:
        return references[field.related_model].get(value)
    if isinstance(field, CodesField):
        return (value or "").split()
    return value


def document(records: dict[Path, dict]) -> dict:
    """The records as nested tables, ready to be written as TOML."""
    tree, nodes = {}, {}
    for path in in_order(records):
        name, _key = path[-1]
        node = nodes[path] = dict(records[path])
        if path == path[:1] and name == "operator":
            tree[name] = node
        else:
            (nodes[path[:-1]] if path[:-1] else tree).setdefault(name, []).append(node)
    for path, node in nodes.items():
        for name, table in table_of(path).children.items():
            if table.is_link and all(set(link) == {table.key[0]} for link in node.get(name, ())):
                node[name] = [link[table.key[0]] for link in node.get(name, ())]
            if not node.get(name):
                node.pop(name, None)
    return tree


def dump_register(operator) -> str:
    """The operator's register as TOML: the same bytes for the same register, on every database."""
    return _dumped(stored_records(operator))


def file(operator) -> Sealed:
    """The dump as it leaves: its first line says that it has a last one, which a file that was cut off lacks."""
    stored = stored_records(operator)
    lines = [(HEAD + "\n", 0), (_dumped(stored) + "\n", len(stored))]
    return Sealed(lines, lambda count, sha256: ",".join(map(str, end(count, sha256))) + "\n")


def _dumped(stored):
    tree = document({path: each.fields for path, each in stored.items()})
    return "\n".join(_block(name, row) for name in TABLES for row in _rows(tree.get(name, [])))


def _rows(content):
    return content if isinstance(content, list) else [content]


def _block(name, row):
    """One record with what hangs on it. tomli-w would write short ones as inline tables, all on one line."""
    block = tomli_w.dumps({name: row})
    return block if TABLES[name].is_single else f"[[{name}]]{block.removeprefix(f'[{name}]')}"
