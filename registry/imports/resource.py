"""django-import-export's side of the CRM import: its Format, Resource and Result, with our engine under them."""

from django.utils.translation import gettext_lazy as _
from import_export import fields, resources
from import_export.formats import base_formats
from import_export.results import Error, Result, RowResult

from registry.models import DataSubject

from .apply import apply
from .columns import FIELDS
from .inspection import FileRefused
from .plan import make_plan
from .preview import Plan

TOTALS = {
    "new": RowResult.IMPORT_TYPE_NEW,
    "changed": RowResult.IMPORT_TYPE_UPDATE,
    "same": RowResult.IMPORT_TYPE_SKIP,
    "rejected": RowResult.IMPORT_TYPE_INVALID,
    "stopped": RowResult.IMPORT_TYPE_ERROR,
}


class CSV(base_formats.Format):
    """The import format for people. The dataset is the stored upload itself: rows are streamed, never held."""

    def get_title(self):
        return "CSV"

    def can_import(self):
        return True

    def get_extension(self):
        return "csv"

    def create_dataset(self, in_stream):
        return in_stream


class PlanResult(Result):
    """Counts for import-export, the plan for the preview. Rejected rows do not keep the good ones from being applied."""

    def __init__(self, run, plan: Plan | None = None):
        super().__init__()
        self.run, self.plan, self.total_rows = run, plan, run.rows
        for kind, total in TOTALS.items():
            self.totals[total] = getattr(run, kind)


class PeopleResource(resources.ModelResource):
    """People, consents and agreements out of a CRM's file; `dataset` is the run the file was stored under."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.fields = {name: fields.Field(column_name=name) for name in FIELDS}

    class Meta:
        model = DataSubject
        import_id_fields = ["crm_id"]
        fields = ["crm_id"]
        name = _("People, consents and agreements")

    def import_data(self, dataset, dry_run=False, raise_errors=False, **kwargs):
        """A dry run makes the plan, the other applies the run that was taken. Keywords are those of make_plan or apply."""
        run = dataset
        kwargs = {
            name: value
            for name, value in kwargs.items()
            if name in ("by", "role", "reason", "said", "accept_damaged_names")
        }
        try:
            plan = make_plan(run, **kwargs) if dry_run else None
            if not dry_run:
                apply(run, **kwargs)
        except FileRefused as refusal:
            if raise_errors:
                raise
            result = PlanResult(run)
            result.append_base_error(Error(FileRefused(refusal.told)))
            return result
        return PlanResult(run, plan)

    def get_import_order(self):
        return list(self.fields)

    def get_user_visible_fields(self):
        return list(self.fields.values())
