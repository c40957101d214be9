"""The register's vocabulary out of CSV, through import-export: row by row, checked as a form checks, all or nothing.

What leaves a list is written by the same resource, so that it comes in again without a change.
"""

from collections import defaultdict

import tablib
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from import_export import fields, resources
from import_export.formats import base_formats
from import_export.instance_loaders import ModelInstanceLoader

from registry.exports.formulas import unescape
from registry.exports.register_file import TABLES
from registry.exports.stream import TRAILER
from registry.models import Clause, ResponsiblePerson
from registry.rules.names import has_lost_letters
from registry.rules.texts import control_in

from .columns import folded
from .inspection import FileRefused, Limits, inspect
from .preview import trailer_note
from .reader import Table
from .vocabulary_cells import BETWEEN, OneField, said

# A vocabulary is written by people: the five policies name 40 entries at most.
MOST_ROWS = 5000
LINES_NAMED = 10
# The records of a register file, those that hang on another one included.
KINDS = {table.model: table for each in TABLES.values() for table in (each, *each.children.values())}


class VocabularyTable(Table):
    """Without blank cells behind the header's last: a spreadsheet makes lines as wide as the widest, and the closing line of an
    export of ours may be that."""

    def __init__(self, inspected, limits):
        super().__init__(inspected, limits)
        self.header = self._without_blank_end(self.header)

    def _row(self, record):
        line, cells = record
        return super()._row((line, self._without_blank_end(cells, len(self.header))))

    @staticmethod
    def _without_blank_end(cells, least=1):
        while len(cells) > least and not cells[-1].strip():
            cells = cells[:-1]
        return cells


class VocabularyCSV(base_formats.Format):
    """A CSV file with a header of the field names; encoding and delimiter are found out.

    notes: what the reader of the preview should know of the file.
    """

    notes = ()

    def get_title(self):
        return "CSV"

    def can_import(self):
        return True

    def is_binary(self):
        return True

    def get_extension(self):
        return "csv"

    def create_dataset(self, in_stream):
        """`in_stream` is the path of the stored file. The dataset's tags are the physical lines of its rows."""
        limits = Limits.from_settings()._replace(rows=MOST_ROWS)
        table = VocabularyTable(inspect(in_stream, limits=limits), limits)
        dataset = tablib.Dataset(headers=table.header)
        problems = []
        for row in table:
            problems += problems_of(row, table.header)
            if not problems:
                dataset.append([unescape(cell).strip() for cell in row.cells], tags=[row.line])
        if problems:
            raise FileRefused(" ".join(problems[:LINES_NAMED]))
        if not dataset.height:
            raise FileRefused(_("The file has a header and no rows: there is nothing to import."))
        self.notes = notes_on(table)
        return dataset


def problems_of(row, header):
    """Why the row cannot be read, a sentence each."""
    if row.cells[:2] == [TRAILER, "rows"]:
        return [
            _("Line %d closes an export: no row stands below it. Delete this line, or move it to the end.") % row.line
        ]
    if row.problem:
        return [_("Line %(line)d: %(problem)s.") % {"line": row.line, "problem": row.problem}]
    if "".join(row.cells).isprintable():
        return []
    return [
        _(
            "Line %(line)d, column “%(column)s”: the cell holds the control character U+%(code)04X, which is no text: "
            "type it again."
        )
        % {"line": row.line, "column": column, "code": ord(mark)}
        for column, cell in zip(header, row.cells, strict=True)
        if (mark := control_in(cell))
    ]


def notes_on(table):
    """What was guessed of the file, and whether an export of ours lost lines; the table has been read to its end."""
    notes = []
    if table.file.encoding_guessed:
        notes.append(
            _("The encoding is guessed to be %(encoding)s: look at the names below, or save the file in UTF-8.")
            % {"encoding": table.file.encoding}
        )
    if table.trailer and table.trailer.said != str(table.trailer.rows):
        notes.append(trailer_note(table.trailer))
    return notes


class Difference(resources.Diff):
    """What each column gets, as markup of our own: the library's brings styles along, which the policy forbids."""

    def as_html(self):
        return [self._shown("" if self.new else old, new) for old, new in zip(self.left, self.right, strict=True)]

    def _shown(self, old, new):
        if old == new:
            return ""
        gone = format_html("<del><bdi>{}</bdi></del> ", old) if old else ""
        return format_html("{}<ins><bdi>{}</bdi></ins>", gone, new)


class OwnLoader(ModelInstanceLoader):
    """Entries are told apart by their key as a file writes it, among the operator's own."""

    def __init__(self, resource, dataset=None):
        super().__init__(resource, dataset)
        # Nobody changes an entry between its reading and its writing: all columns of it are written.
        stored = resource.get_queryset().select_for_update(of=("self",), no_key=True).order_by("pk")
        self.places = {resource.stored_key(each): each.pk for each in stored}

    def get_instance(self, row):
        return self.get_queryset().filter(pk=self.places.get(self.resource.key_of(row))).first()


class VocabularyResource(resources.ModelResource):
    """Entries of one vocabulary of one operator. A blank cell keeps what is stored; nothing is ever deleted by a file.

    passed_over: columns a list leaves with that no file fills.
    """

    class Meta:
        abstract = True
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = False
        use_transactions = True
        instance_loader_class = OwnLoader

    def __init__(self, *, operator=None, passed_over=()):
        super().__init__()
        self.operator, self.passed_over = operator, passed_over
        for name, field in self.fields.items():
            field.widget = OneField(self._meta.model._meta.get_field(name), operator)

    @property
    def key(self):
        return self._meta.import_id_fields

    def get_queryset(self):
        return self._meta.model.objects.filter(operator=self.operator).select_related(*links_of(self._meta.model))

    def get_diff_class(self):
        return Difference

    def stored_key(self, record):
        return tuple(said(self.fields[name].export(record)) for name in self.key)

    def key_of(self, row):
        return tuple(self.fields[name].widget.as_written(row.get(name, "")) for name in self.key)

    def before_import(self, dataset, **kwargs):
        """Headers become field names. ValidationError for what is no column of this list, or stands twice."""
        known = {folded(name): name for name in self.passed_over}
        for name in self.fields:
            known |= {folded(name): name, folded(str(self._meta.model._meta.get_field(name).verbose_name)): name}
        strangers = [header for header in dataset.headers if folded(header) not in known]
        if strangers:
            told = ngettext(
                "There is no column %(columns)s here. Leave it out or correct it; the columns are: %(known)s.",
                "There are no columns %(columns)s here. Leave them out or correct them; the columns are: %(known)s.",
                len(strangers),
            )
            raise ValidationError(told % {"columns": quoted(strangers), "known": ", ".join(self.fields)})
        dataset.headers = [known[folded(header)] for header in dataset.headers]
        self._refuse_headers(dataset.headers)
        for name in {*self.passed_over} & {*dataset.headers}:
            del dataset[name]
        self._refuse_doubles(dataset)

    def _refuse_headers(self, headers):
        twice = {header for header in headers if headers.count(header) > 1}
        if twice:
            told = ngettext(
                "The file has the column %s twice. Leave one out.",
                "The file has the columns %s twice. Leave one of each out.",
                len(twice),
            )
            raise ValidationError(told % quoted(sorted(twice)))
        if missing := [name for name in self.key if name not in headers]:
            told = ngettext(
                "The file has no column %s. Entries are told apart by it.",
                "The file has no columns %s. Entries are told apart by them.",
                len(missing),
            )
            raise ValidationError(told % quoted(missing))

    def _refuse_doubles(self, dataset):
        lines = defaultdict(list)
        for row in dataset._data:
            lines[self.key_of(dict(zip(dataset.headers, row, strict=True)))].append(str(row.tags[0]))
        for key, places in lines.items():
            if any(key) and len(places) > 1:
                raise ValidationError(
                    _("Lines %(lines)s all have the %(columns)s “%(key)s”: an entry has one line. Keep the right one.")
                    % {"lines": ", ".join(places[:LINES_NAMED]), "columns": BETWEEN.join(self.key), "key": called(key)}
                )

    def after_init_instance(self, instance, new, row, **kwargs):
        instance.operator = self.operator

    def import_field(self, field, instance, row, is_m2m=False, **kwargs):
        """A cell that says what is stored, as an export writes it, leaves it untouched: blanks and line ends are kept."""
        text, stored = row.get(field.column_name), field.export(instance)
        if not text or said(text) == said(stored):
            return
        if field.widget.is_of_words and has_lost_letters(said(stored), said(text)):
            told = _("“%(value)s” lost letters on the way (“?”): save the file in UTF-8, or leave the cell empty.")
            raise ValueError(told % {"value": text})
        super().import_field(field, instance, row, is_m2m, **kwargs)

    def after_import_row(self, row, row_result, **kwargs):
        row_result.called = called(self.key_of(row))

    def after_import(self, dataset, result, **kwargs):
        """Rows are called by their line in the file, and what is wrong with a cell is told with what the cell says."""
        for row in [*result.invalid_rows, *result.error_rows]:
            line = dataset._data[row.number - 1]
            row.number, row.cells = line.tags[0], dict(zip(dataset.headers, line, strict=True))
        for row in result.invalid_rows:
            row.told = [
                (name, row.cells.get(name, ""), " ".join(errors)) for name, errors in row.field_specific_errors.items()
            ]


def resource_for(model):
    """The resource of a vocabulary's model: its columns are those of the register file, what tells entries apart first."""
    from .appointment_lines import AppointmentResource  # which is one of these

    table = KINDS[model]
    key = (table.parent, *table.key) if table.parent else table.key
    names = list(dict.fromkeys([*key, *(field.name for field in table.fields if field.editable)]))
    base = AppointmentResource if model is ResponsiblePerson else VocabularyResource
    own = {"model": model, "fields": names, "import_order": names, "import_id_fields": key}
    columns = {name: fields.Field(attribute=name, column_name=name) for name in names}
    meta = type("Meta", (base.Meta,), own)
    return type(f"{model.__name__}Resource", (base,), columns | {"Meta": meta})


def links_of(model):
    """The records that a file calls by name, as one query finds them: a clause with the policy it is called by."""
    links = [field for field in model._meta.concrete_fields if field.is_relation and field.name != "operator"]
    return [f"{field.name}__policy" if field.related_model is Clause else field.name for field in links]


def quoted(names):
    return ", ".join(f"“{name}”" for name in names)


def called(parts):
    return BETWEEN.join(filter(None, parts))
