"""The register's vocabulary out of CSV, through import-export: row by row, checked as a form checks, all or nothing."""

import datetime as dt
from collections import defaultdict

import tablib
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.html import format_html
from django.utils.translation import gettext as _
from import_export import fields, resources, widgets
from import_export.formats import base_formats
from import_export.instance_loaders import ModelInstanceLoader

from registry.exports.formulas import unescape
from registry.exports.register_file import CODE, LIBRARY, Table
from registry.models import Clause, Norm
from registry.models.fields import CodesField
from registry.rules.dates import parse_date

from .columns import folded
from .inspection import FileRefused, Limits, inspect
from .reader import Table as CSVTable
from .rows import WORDS

# A vocabulary is written by people: the five policies name 40 entries at most.
MOST_ROWS = 5000
LINES_NAMED = 10


class VocabularyCSV(base_formats.Format):
    """A CSV file with a header of the field names; encoding and delimiter are found out."""

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
        table = CSVTable(inspect(in_stream, limits=limits), limits)
        dataset = tablib.Dataset(headers=table.header)
        problems = []
        for row in table:
            if row.problem:
                problems.append(_("Line %(line)d: %(problem)s.") % {"line": row.line, "problem": row.problem})
            else:
                dataset.append([unescape(cell.strip()) for cell in row.cells], tags=[row.line])
        if problems:
            raise FileRefused(" ".join(problems[:LINES_NAMED]))
        if not dataset.height:
            raise FileRefused(_("The file has a header and no rows: there is nothing to import."))
        return dataset


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
    """Entries are told apart by their code, among the operator's own."""

    def get_instance(self, row):
        code = row.get("code", "")
        return self.get_queryset().filter(code=code).first() if code else None


class VocabularyResource(resources.ModelResource):
    """Entries of one vocabulary of one operator. A blank cell keeps what is stored; nothing is ever deleted by a file."""

    class Meta:
        abstract = True
        import_id_fields = CODE
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = False
        use_transactions = True
        instance_loader_class = OwnLoader

    def __init__(self, *, operator=None):
        super().__init__()
        self.operator = operator
        for name, field in self.fields.items():
            field.widget = OneField(self._meta.model._meta.get_field(name), operator)

    def get_queryset(self):
        return self._meta.model.objects.filter(operator=self.operator)

    def get_diff_class(self):
        return Difference

    def before_import(self, dataset, **kwargs):
        """Headers become field names. ValidationError for what is no column of this list, or stands twice."""
        known = {}
        for name in self.fields:
            known |= {folded(name): name, folded(str(self._meta.model._meta.get_field(name).verbose_name)): name}
        strangers = [header for header in dataset.headers if folded(header) not in known]
        if strangers:
            raise ValidationError(
                _("There is no column “%(columns)s” here. Leave it out or correct it; the columns are: %(known)s.")
                % {"columns": "”, “".join(strangers), "known": ", ".join(self.fields)}
            )
        dataset.headers = [known[folded(header)] for header in dataset.headers]
        self._refuse_doubles(dataset)

    def _refuse_doubles(self, dataset):
        twice = {header for header in dataset.headers if dataset.headers.count(header) > 1}
        if twice:
            raise ValidationError(_("The file has the column “%s” twice. Leave one out.") % "”, “".join(sorted(twice)))
        if "code" not in dataset.headers:
            raise ValidationError(_("The file has no column “code”. Entries are told apart by it."))
        lines = defaultdict(list)
        for row, code in zip(dataset._data, dataset["code"], strict=True):
            lines[code].append(str(row.tags[0]))
        for code, places in lines.items():
            if code and len(places) > 1:
                raise ValidationError(
                    _("Lines %(lines)s all have the code “%(code)s”: an entry has one line. Keep the right one.")
                    % {"lines": ", ".join(places[:LINES_NAMED]), "code": code}
                )

    def after_init_instance(self, instance, new, row, **kwargs):
        instance.operator = self.operator

    def import_field(self, field, instance, row, is_m2m=False, **kwargs):
        if row.get(field.column_name):
            super().import_field(field, instance, row, is_m2m, **kwargs)

    def after_import_row(self, row, row_result, **kwargs):
        row_result.code = row["code"]

    def after_import(self, dataset, result, **kwargs):
        """Rows are called by their line in the file."""
        for row in [*result.invalid_rows, *result.error_rows]:
            row.number = dataset._data[row.number - 1].tags[0]


def resource_for(model):
    """The resource of a vocabulary's model: its columns are those of the register file."""
    names = [field.name for field in Table(model).fields if field.editable]
    meta = type("Meta", (VocabularyResource.Meta,), {"model": model, "fields": names, "import_order": names})
    columns = {name: fields.Field(attribute=name, column_name=name) for name in names}
    return type(f"{model.__name__}Resource", (VocabularyResource,), columns | {"Meta": meta})


class OneField(widgets.Widget):
    """A cell as the value of a model's field. ValueError says what is wrong with it and what to do."""

    def __init__(self, field, operator):
        super().__init__()
        self.field, self.operator = field, operator

    def clean(self, value, row=None, **kwargs):
        field = self.field
        if field.is_relation:
            return self._record(value)
        if isinstance(field, CodesField):
            return field.to_python(list(dict.fromkeys(value.replace(",", " ").replace(";", " ").split())))
        if isinstance(field, models.BooleanField):
            return self._one_of(value, {word: said for said, words in WORDS.items() for word in words.split(";")})
        if field.choices:
            codes = {str(code).casefold(): code for code, _label in field.flatchoices}
            return self._one_of(value, codes | {str(label).casefold(): code for code, label in field.flatchoices})
        if isinstance(field, models.DateField):
            checked = parse_date(value, today=dt.date.today(), future=True)
            if checked.error:
                raise ValueError(_("“%(value)s”: %(error)s.") % {"value": value, "error": checked.error})
            return checked.value
        return value

    def render(self, value, obj=None, **kwargs):
        if value is None or value == "":
            return ""
        return getattr(value, "code", None) or str(value)

    def _one_of(self, value, known):
        if (found := known.get(value.casefold())) is None:
            codes = ", ".join(str(code).lower() for code in dict.fromkeys(known.values()))
            raise ValueError(
                _("“%(value)s” is not on the list. Write one of: %(codes)s.") % {"value": value, "codes": codes}
            )
        return found

    def _record(self, value):
        model = self.field.related_model
        found = list(self._candidates(model, value)[:2])
        if len(found) == 1:
            return found[0]
        said = {"value": value, "kind": model._meta.verbose_name}
        if found:
            raise ValueError(_("“%(value)s” is a clause of two policies. Write version / language / number.") % said)
        if model is Norm:
            raise ValueError(_("There is no norm “%(value)s”. Write its code, for example KZ-94-V/8(1).") % said)
        raise ValueError(_("The operator has no %(kind)s “%(value)s”. Correct it, or add that record first.") % said)

    def _candidates(self, model, value):
        if model in LIBRARY:
            return model.objects.filter(code=value)
        own = model.objects.filter(operator=self.operator)
        if model is Clause:
            version, language, number = ([None, None, *value.split(" / ")])[-3:]
            own = own.filter(policy__version=version, policy__language=language) if version else own
            return own.filter(number=number)
        return own.filter(code=value)
