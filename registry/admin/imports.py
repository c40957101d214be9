"""The CRM import in the browser: import-export's upload, preview and confirmation, with stored runs under them."""

from types import SimpleNamespace

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from import_export.admin import ImportMixin
from import_export.forms import ImportForm

from registry import journal, scope
from registry.imports import storage
from registry.imports.apply import AlreadyTaken, take
from registry.imports.crm_file import Said
from registry.imports.inspection import FileRefused
from registry.imports.resource import CSV, PeopleResource
from registry.models import ImportRun
from registry.templatetags.registry_ui import grouped

from .acts import actor, own_units

NOT_THE_ONE_SENT = "confirmation", gettext_lazy("The confirmation is not the one this page sent. Read the file again.")


class CRMImportForm(ImportForm):
    """The file, and what its reader cannot find out."""

    encoding = forms.ChoiceField(
        label=gettext_lazy("Encoding"),
        required=False,
        choices=[("", gettext_lazy("find out")), ("utf-8", "UTF-8"), ("utf-16", "UTF-16"), ("cp1251", "Windows-1251")],
    )
    delimiter = forms.ChoiceField(
        label=gettext_lazy("Delimiter"),
        required=False,
        choices=[("", gettext_lazy("find out")), (";", ";"), (",", ","), ("tab", gettext_lazy("tab")), ("|", "|")],
    )
    mapping = forms.CharField(
        label=gettext_lazy("Columns under other names"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("One a line: HEADER=field. “HEADER=” leaves the column out."),
    )
    defaults = forms.CharField(
        label=gettext_lazy("Values for empty cells"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("One a line: field=value, for example consent_purpose=email-information."),
    )
    accept_damaged_names = forms.BooleanField(
        label=gettext_lazy("Take names that lost letters (“?”)"),
        required=False,
        help_text=gettext_lazy("Otherwise such rows stop. A better name in the register is never overwritten by them."),
    )

    media = forms.Media()  # one format: nothing to guess by script

    def __init__(self, *args, acting, **kwargs):
        super().__init__(*args, **kwargs)
        self.acting = acting
        self.fields["format"].widget = forms.HiddenInput()
        self.fields["import_file"].label = gettext_lazy("CSV file of the CRM")
        self.fields["import_file"].widget.attrs["accept"] = ".csv,.txt,text/csv"

    def clean_import_file(self):
        file = self.cleaned_data["import_file"]
        file.acting = self.acting
        return file

    def said(self):
        given = self.cleaned_data
        lines = {
            name: tuple(filter(None, map(str.strip, given[name].splitlines()))) for name in ("mapping", "defaults")
        }
        return Said(given["encoding"] or None, given["delimiter"] or None, lines["mapping"], lines["defaults"])


class ConfirmForm(forms.Form):
    """Confirms one plan, once. Whose plan it is, of which operator and file, is kept with the run, not here."""

    run = forms.UUIDField(widget=forms.HiddenInput())
    token = forms.CharField(widget=forms.HiddenInput(), max_length=64)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=500,
        help_text=gettext_lazy(
            "Kept in the history of every record this import changes. Empty: the number of the import."
        ),
    )


class PeopleImport(ImportMixin):
    """import-export's two steps, with stored runs instead of temporary files named by the browser."""

    resource_classes = [PeopleResource]
    import_form_class = CRMImportForm
    confirm_form_class = ConfirmForm
    import_template_name = "admin/registry/datasubject/import.html"

    @own_units
    def import_action(self, request, **kwargs):
        storage.purge_expired()
        if request.operator is None:
            raise PermissionDenied
        response = super().import_action(request, **kwargs)
        if result := response.context_data.get("result"):
            response.context_data["run"] = result.run
            response.context_data["plan"] = result.plan
            if result.plan and result.plan.shown_uids:
                journal.record(
                    "import.preview", object_type="importrun", uid=result.run.uid, uids=result.plan.shown_uids
                )
        return response

    @own_units
    @method_decorator(require_POST)
    def process_import(self, request, **kwargs):
        storage.purge_expired()
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = self.create_confirm_form(request)
        if not form.is_valid():
            return refused(request, self.admin_site, *NOT_THE_ONE_SENT)
        run = own_run(request, uid=form.cleaned_data["run"])
        given = form.cleaned_data
        try:
            take(run, token=given["token"], by=request.user, reason=given["reason"])
            result = self.process_dataset(run, form, request)
        except AlreadyTaken:
            return refused(request, self.admin_site, *why_not_waiting(run), run=run)
        return self.process_result(result, request)

    def get_import_formats(self):
        return [CSV]

    def get_import_form_kwargs(self, request):
        acting = {"operator": request.operator, "owner": request.user, "role": scope.role_of(request.user)}
        return super().get_import_form_kwargs(request) | {"acting": acting}

    def get_confirm_form_initial(self, request, import_form):
        if import_form is None:
            return {}
        run = import_form.cleaned_data["import_file"].stored.run
        return {"run": run.uid, "token": run.token}

    def write_to_tmp_storage(self, import_file, input_format):
        """Stores the upload under a run of its own; a refusal is told when import-export reads it back."""
        import_file.stored = StoredUpload(import_file)
        return import_file.stored

    def add_data_read_fail_error_to_form(self, form, e):
        if not isinstance(e, FileRefused):
            raise e
        form.add_error("import_file", e.told)

    def get_import_data_kwargs(self, request, form, **kwargs):
        """Keywords of the engine; import-export adds its own beside them."""
        acting = {"by": request.user, "role": scope.role_of(request.user)}
        if isinstance(form, ConfirmForm):
            return acting | {"reason": form.cleaned_data["reason"]}
        return acting | {"said": form.said(), "accept_damaged_names": form.cleaned_data["accept_damaged_names"]}

    def process_dataset(self, dataset, form, request, **kwargs):
        return PeopleResource().import_data(
            dataset, dry_run=False, **self.get_import_data_kwargs(request=request, form=form)
        )

    def process_result(self, result, request):
        return finished(request, self.admin_site, result)


class StoredUpload(SimpleNamespace):
    """What import-export takes for its temporary storage."""

    def __init__(self, file):
        super().__init__(name="", run=None, refusal=None)
        try:
            self.run = storage.upload(**file.acting, file_name=file.name, chunks=file.chunks(), size=file.size)
            self.name = self.run.uid.hex
        except FileRefused as refusal:
            self.refusal = refusal

    def read(self):
        if self.refusal:
            raise self.refusal
        return self.run


def own_run(request, **lookup):
    """A run of the user's own under the current operator; every other one does not exist."""
    runs = scope.in_scope(ImportRun.objects.all(), request.user)
    return get_object_or_404(runs, owner=request.user, **lookup)


def why_not_waiting(run):
    """(reason code for the journal, sentence) of a run that is not where the one who acts believes it to be."""
    run.refresh_from_db()
    if run.state in (ImportRun.State.APPLYING, ImportRun.State.APPLIED):
        return "confirmed", _("This import was confirmed before, once is enough. Its page says what came of it.")
    if run.state == ImportRun.State.EXPIRED:
        return "expired", _("The file was deleted an hour after its last step. Read it again.")
    if run.state == ImportRun.State.CANCELLED:
        return "cancelled", _("This import was cancelled. Its page says what had been applied by then.")
    return NOT_THE_ONE_SENT


def refused(request, site, code, sentence, *, run=None):
    """Tells why nothing more is done, and tells the journal, in a unit of its own."""
    with journal.unit_of_work(**actor(request)):
        journal.record("refused", object_type="importrun", uid=run and run.uid, reason_code=code)
    return nothing_imported(request, site, sentence)


def nothing_imported(request, site, sentence):
    context = site.each_context(request) | {"title": _("Nothing was imported"), "sentence": sentence}
    return render(request, "admin/registry/datasubject/import_refused.html", context, status=400)


def finished(request, site, result):
    """Tells what came of an import and goes to the page of its run."""
    run = result.run
    if result.has_errors():
        return nothing_imported(request, site, str(result.base_errors[0].error))
    counts = {kind: grouped(getattr(run, kind)) for kind in ("new", "changed", "same", "rejected", "stopped")}
    told = _(
        "Import finished: %(new)s new, %(changed)s changed, %(same)s unchanged, %(rejected)s rejected, %(stopped)s stopped."
    )
    messages.success(request, told % counts)
    return HttpResponseRedirect(reverse("admin:registry_importrun_change", args=[run.pk]))
