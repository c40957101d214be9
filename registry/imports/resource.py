"""django-import-export's side of the CRM import: what its upload form shows. What is done with a file is the plan's and apply's."""

from django.utils.translation import gettext_lazy as _
from import_export import fields, resources
from import_export.formats import base_formats

from registry.models import DataSubject

from .columns import FIELDS


class CSV(base_formats.Format):
    """The one format for people. An upload is stored and streamed; import-export's dataset in memory is never made."""

    def get_title(self):
        return "CSV"

    def can_import(self):
        return True

    def get_extension(self):
        return "csv"


class PeopleResource(resources.ModelResource):
    """People, consents, agreements and opt-outs out of a CRM's file: the columns that are read."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.fields = {name: fields.Field(column_name=name) for name in FIELDS}

    class Meta:
        model = DataSubject
        import_id_fields = ["crm_id"]
        fields = ["crm_id"]
        name = _("People, consents and agreements")

    def get_import_order(self):
        return list(self.fields)

    def get_user_visible_fields(self):
        return list(self.fields.values())
