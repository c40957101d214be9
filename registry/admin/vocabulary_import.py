"""A vocabulary out of a CSV file: upload, preview of every row, one confirmation; all of it or nothing.

Its list leaves with the columns that come in this way.
"""

import hashlib
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export.admin import ImportMixin
from import_export.forms import ImportForm
from import_export.results import RowResult

from registry.exports.lists import Column
from registry.imports.inspection import FileRefused
from registry.imports.vocabulary import VocabularyCSV, links_of, resource_for
from registry.imports.vocabulary_cells import BETWEEN

from .acts import as_drawn

MOST_BYTES = 5_000_000
LIFETIME_SECONDS = 3600


class VocabularyImportForm(ImportForm):
    media = forms.Media()  # one format: nothing to guess by script

    def __init__(self, *args, acting, **kwargs):
        super().__init__(*args, **kwargs)
        self.acting = acting
        self.fields["format"].widget = forms.HiddenInput()
        self.fields["import_file"].label = gettext_lazy("CSV file")
        self.fields["import_file"].widget.attrs["accept"] = ".csv,.txt,text/csv"

    def clean_import_file(self):
        file = self.cleaned_data["import_file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(
                _("The file is larger than %d MB, which no vocabulary is.") % (MOST_BYTES // 10**6)
            )
        file.acting = self.acting
        return file


class VocabularyConfirmForm(forms.Form):
    """`ticket` names the stored file, for this user, operator and list only, and for an hour."""

    ticket = forms.CharField(widget=forms.HiddenInput())
    _reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("Kept in the history of every record this import changes."),
    )


class VocabularyImport(ImportMixin):
    """import-export's two steps; the file lies in a private folder between them, and the second runs in the request's unit."""

    import_form_class = VocabularyImportForm
    confirm_form_class = VocabularyConfirmForm
    import_template_name = "admin/registry/vocabulary_import.html"

    def has_import_permission(self, request):
        return self.has_add_permission(request) and self.has_change_permission(request)

    def get_import_formats(self):
        return [VocabularyCSV]

    def get_import_resource_classes(self, request):
        return [resource_for(self.model)]

    def get_import_resource_kwargs(self, request, **kwargs):
        return {"operator": request.operator, "passed_over": self.worked_out}

    def resource(self, request):
        return resource_for(self.model)(**self.get_import_resource_kwargs(request))

    def get_import_form_kwargs(self, request):
        return super().get_import_form_kwargs(request) | {"acting": self.acting(request)}

    def get_import_data_kwargs(self, **kwargs):
        return {"rollback_on_validation_errors": True}

    # The list

    @property
    def worked_out(self):
        """Columns of the list that no file fills: the status, what is missing. One sorted by a field that a file does not fill
        shows that field; the name in the reader's language is one of the names that a file has."""
        read = resource_for(self.model)._meta.fields
        shown = {name: getattr(getattr(self, name, None), "admin_order_field", None) for name in self.list_display}
        return [
            name if field in (None, *read) else field
            for name, field in shown.items()
            if name != "name" and name not in read
        ]

    def get_list_select_related(self, request):
        return [*(super().get_list_select_related(request) or ()), *links_of(self.model)]

    def export_columns(self, request, shown):
        """What an import takes again as it takes it, and behind that what it passes over."""
        fields = self.resource(request).fields
        columns = [Column(name, name, fields[name].export) for name in resource_for(self.model)._meta.fields]
        return columns + [self.export_column(name)._replace(heading=name) for name in self.worked_out]

    # The two steps

    def acting(self, request):
        return {"user": request.user.pk, "operator": request.operator.pk, "model": self.opts.model_name}

    def import_action(self, request, **kwargs):
        purge()
        as_drawn(request)
        if request.operator is None:
            raise PermissionDenied
        response = super().import_action(request, **kwargs)
        context, key = response.context_data, resource_for(self.model)._meta.import_id_fields
        context |= {"key": BETWEEN.join(key), "worked_out": self.worked_out}
        result = context.get("result")
        if result is not None:
            file = context["form"].cleaned_data["import_file"]
            context |= {"totals": result.totals, "notes": file.format.notes, "changes": changes(result, key)}
            if "confirm_form" in context:
                context["confirm_form"].initial["ticket"] = file.stored.ticket(shown(result))
            else:
                file.stored.remove()
        return response

    def write_to_tmp_storage(self, import_file, input_format):
        import_file.format, import_file.stored = input_format, StoredVocabulary.store(import_file)
        return import_file.stored

    def add_data_read_fail_error_to_form(self, form, e):
        form.cleaned_data["import_file"].stored.remove()
        if not isinstance(e, FileRefused):
            raise e
        form.add_error("import_file", e.told)

    def get_confirm_form_initial(self, request, import_form):
        return {}  # the ticket tells what was shown, and comes when that is known

    def process_import(self, request, **kwargs):
        """The confirmation. Its address, opened after a switch back, leads to the form: which file it was, only the page said."""
        as_drawn(request)
        if not self.has_import_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseRedirect(self.form_address)
        stored = StoredVocabulary.take(request.POST.get("ticket", ""), self.acting(request))
        if stored is None:
            return self.again(request, _("The file was confirmed before, or an hour ago. Read it again."))
        try:
            with transaction.atomic():
                result = self.resource(request).import_data(
                    VocabularyCSV().create_dataset(stored.read()), rollback_on_validation_errors=True
                )
                as_shown = not (result.has_errors() or result.has_validation_errors()) and (
                    shown(result) == stored.said["shown"]
                )
                if not as_shown:
                    transaction.set_rollback(True)
        finally:
            stored.remove()
        if not as_shown:
            return self.again(
                request, _("Nothing was imported: the register changed since the preview. Read the file again.")
            )
        counts = result.totals
        messages.success(
            request,
            _("Import finished: %(new)d new, %(changed)d changed, %(same)d unchanged.")
            % {
                "new": counts[RowResult.IMPORT_TYPE_NEW],
                "changed": counts[RowResult.IMPORT_TYPE_UPDATE],
                "same": counts[RowResult.IMPORT_TYPE_SKIP],
            },
        )
        return HttpResponseRedirect(reverse(f"admin:registry_{self.opts.model_name}_changelist"))

    def again(self, request, sentence):
        messages.error(request, sentence)
        return HttpResponseRedirect(self.form_address)

    @property
    def form_address(self):
        return reverse(f"admin:registry_{self.opts.model_name}_import")


def changes(result, key):
    """(whether it is new, what it is called, what its columns get) of every entry that is not as the file says."""
    return [
        (
            row.import_type == RowResult.IMPORT_TYPE_NEW,
            row.called,
            [
                (name, each)
                for name, each in zip(result.diff_headers, row.diff, strict=True)
                if each and (name not in key or row.import_type == RowResult.IMPORT_TYPE_UPDATE)
            ],
        )
        for row in result.valid_rows()
    ]


def shown(result):
    """A digest of what each line does: an entry that somebody else changed since the preview is not overwritten unseen."""
    rows = [[row.import_type, row.called, row.diff and list(map(str, row.diff))] for row in result.rows]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


class StoredVocabulary(SimpleNamespace):
    """An uploaded file between preview and confirmation."""

    @property
    def name(self):
        return self.path.name

    @classmethod
    def store(cls, file):
        path = folder() / f"{secrets.token_hex(16)}.csv"
        digest = hashlib.sha256()
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as stream:
            for chunk in file.chunks():
                digest.update(chunk)
                stream.write(chunk)
        return cls(path=path, said=file.acting | {"file": path.name, "sha256": digest.hexdigest()})

    def ticket(self, shown):
        """What confirms this file for who sent it, as long as it does what was shown."""
        return signing.dumps(self.said | {"shown": shown}, salt=__name__)

    @classmethod
    def take(cls, ticket, acting):
        """The file a ticket names, for whoever comes first; or None: forged, somebody else's, too old or used."""
        try:
            said = signing.loads(ticket, salt=__name__, max_age=LIFETIME_SECONDS)
        except signing.BadSignature:
            return None
        path = folder() / said["file"]
        if any(said[name] != value for name, value in acting.items()):
            return None
        taken = path.with_name(f"{path.name}.taken")
        try:
            if hashlib.sha256(path.read_bytes()).hexdigest() != said["sha256"]:
                return None
            path.rename(taken)  # of two clicks at once one gets here
        except FileNotFoundError:
            return None
        return cls(path=taken, said=said)

    def read(self):
        return self.path

    def remove(self):
        self.path.unlink(missing_ok=True)


def folder():
    path = Path(settings.PRIVATE_DIR) / "vocabularies"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def purge():
    """Files nobody confirmed within their hour, and what a process that was killed left."""
    now = timezone.now().timestamp()
    for path in folder().glob("*.csv*"):
        with suppress(FileNotFoundError):  # another process deletes them, too
            if path.stat().st_mtime < now - LIFETIME_SECONDS:
                path.unlink()
