"""The people missing from a CRM's file, as a file: an export of people like any other, with a right, a reason and a run."""

from django.core.exceptions import PermissionDenied
from django.http import StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from registry import scope
from registry.exports import runs
from registry.exports.lists import FORMATS
from registry.imports.lists import LISTS, MISSING
from registry.imports.missing import about_sources
from registry.imports.missing_file import MissingFile, columns_of
from registry.imports.rejects import file_name
from registry.models import ExportRun

from .list_exports import ListExportForm


class MissingExportForm(ListExportForm):
    """The file is for the CRM's owner, so it is a CSV like the CRM's."""

    format = None


def may_export(request):
    return request.user.has_perm("registry.export_datasubject") and request.user.has_perm("registry.add_exportrun")


def export_view(model_admin, request, run):
    """How many people, which columns; by POST the file."""
    if not may_export(request):
        raise PermissionDenied
    form = MissingExportForm(request.POST if request.method == "POST" else None, reason_required=True)
    if form.is_valid():
        return _file(request, run, form.cleaned_data["reason"])
    context = model_admin.admin_site.each_context(request) | {
        "title": LISTS[MISSING].title,
        "opts": model_admin.opts,
        "run": run,
        "form": form,
        "count": run.missing,
        "most_counted": run.missing,
        "count_note": _("when the file was read; whoever is blocked or gone since is not among them"),
        "columns": [column.heading for column in columns_of(run)],
        "note": about_sources(run),
        "about_people": True,
    }
    return TemplateResponse(request, "admin/registry/importrun/missing_export.html", context)


def _file(request, run, reason):
    role = scope.role_of(request.user)
    what = {
        "list": "datasubject",
        "format": "csv",
        "columns": [column.name for column in columns_of(run) if column.name],
        "filters": {"missing_from_import": str(run.pk)},
    }
    acting = {"by": request.user, "role": role, "operator": run.operator, "reason": reason}
    export = runs.start(ExportRun.Kind.LIST, **acting, filter=what)
    file = MissingFile(export, run, role=role)
    response = StreamingHttpResponse(file.stream("csv"), content_type=FORMATS["csv"])
    response["Content-Disposition"] = f'attachment; filename="{file_name(run, MISSING)}"'
    return response
