"""The CRM import in the browser: import-export's upload, with a stored run under it."""

from contextlib import suppress

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from import_export.admin import ImportMixin
from import_export.forms import ImportForm

from registry import journal, scope
from registry.imports import storage
from registry.imports.asking import ask, open_table
from registry.imports.crm_file import CRMFile, Said
from registry.imports.inspection import FileAsks, FileRefused
from registry.imports.resource import CSV, PeopleResource
from registry.imports.sources import of_columns, said_of, why_taken
from registry.models import ImportRun, ImportSource
from registry.tasks import begin_planning

from .acts import actor, as_drawn, own_units

NOT_THE_ONE_SENT = "confirmation", gettext_lazy("The confirmation is not the one this page sent. Read the file again.")
CONFIRMED = {"applying", "applied", "undoing", "undone"}
ENCODINGS = [("", gettext_lazy("find out")), ("utf-8", "UTF-8"), ("utf-16", "UTF-16"), ("cp1251", "Windows-1251")]
DELIMITERS = [("", gettext_lazy("find out")), (";", ";"), (",", ","), ("tab", gettext_lazy("tab")), ("|", "|")]


NO_SOURCE = "none"


class SourcesAndNone(forms.models.ModelChoiceIterator):
    def __iter__(self):
        unsaid, *sources = super().__iter__()
        yield from (unsaid, (NO_SOURCE, _("none")), *sources)


class SourceField(forms.ModelChoiceField):
    """A source, or NO_SOURCE, whatever the columns; None where they shall tell."""

    iterator = SourcesAndNone

    def to_python(self, value):
        return NO_SOURCE if value == NO_SOURCE else super().to_python(value)


class CRMImportForm(ImportForm):
    """The file, where it comes from, and what its reader cannot find out."""

    source = SourceField(
        ImportSource.objects.none(),
        label=gettext_lazy("Source"),
        required=False,
        empty_label=gettext_lazy("find out by its columns"),
        help_text=gettext_lazy("How the files of a source are read was said once and is remembered."),
    )
    look_first = forms.BooleanField(
        label=gettext_lazy("Look at the columns first"),
        required=False,
        help_text=gettext_lazy("Otherwise they are shown only where something is to be asked."),
    )
    encoding = forms.ChoiceField(label=gettext_lazy("Encoding"), required=False, choices=ENCODINGS)
    delimiter = forms.ChoiceField(label=gettext_lazy("Delimiter"), required=False, choices=DELIMITERS)
    accept_damaged_names = forms.BooleanField(
        label=gettext_lazy("Take names that lost letters (“?”)"),
        required=False,
        help_text=gettext_lazy("Otherwise such rows stop. A better name in the register is never overwritten by them."),
    )

    media = forms.Media()  # one format: nothing to guess by script

    def __init__(self, *args, acting, **kwargs):
        super().__init__(*args, **kwargs)
        self.acting = acting
        self.fields["source"].queryset = ImportSource.objects.filter(operator=acting["operator"])
        self.fields["format"].widget = forms.HiddenInput()
        self.fields["import_file"].label = gettext_lazy("CSV file of the CRM")
        self.fields["import_file"].allow_empty_file = True  # what is wrong with it is said as of every other file
        self.fields["import_file"].widget.attrs["accept"] = ".csv,.txt,text/csv"

    def said(self, source):
        """What is said of this file: of its source once, on this form now."""
        said, given = said_of(source) if source else Said(), self.cleaned_data
        return said._replace(
            encoding=given["encoding"] or said.encoding, delimiter=given["delimiter"] or said.delimiter
        )


class PeopleImport(ImportMixin):
    """import-export's upload, with a stored run instead of a temporary file named by the browser; the rest is on the run's page."""

    resource_classes = [PeopleResource]
    import_form_class = CRMImportForm
    import_template_name = "admin/registry/datasubject/import.html"

    @own_units
    def import_action(self, request, **kwargs):
        """import-export's form; what is done with the file is read_file's."""
        storage.purge_expired()
        as_drawn(request)
        if request.operator is None or not self.has_import_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            form = self.create_import_form(request)
            if form.is_valid() and (run := self.read_file(form)):
                if run.source and not form.cleaned_data["source"]:
                    otherwise = _("Where that is wrong, upload it again and choose another one, or none.")
                    messages.info(request, f"{why_taken(run.source)} {otherwise}")
                return HttpResponseRedirect(page_of(run))
            request.read_form = form
        return super().import_action(request, **kwargs)

    def create_import_form(self, request):
        """The form as it was judged, not once more: the file is read by then."""
        return getattr(request, "read_form", None) or super().create_import_form(request)

    def read_file(self, form):
        """The run of an upload that is being read, has questions, or was given up meanwhile, which its page then says; None where
        it was refused, which the form says.
        """
        acting, given = form.acting, form.cleaned_data
        file, run = given["import_file"], None
        try:
            run = storage.upload(**acting, file_name=file.name, chunks=file.chunks(), size=file.size)
            with suppress(storage.AlreadyTaken), storage.file_may_go(run):
                begin(run, form, by=acting["owner"], role=acting["role"])
        except FileRefused as refusal:
            form.add_error("import_file", refusal.told)
            return None
        return run

    @own_units
    @method_decorator(require_POST)
    def process_import(self, request, **kwargs):
        """Where import-export confirms: here a plan is confirmed on the page of its run."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        return refused(request, self.admin_site, *NOT_THE_ONE_SENT)

    def get_import_formats(self):
        return [CSV]

    def get_import_form_kwargs(self, request):
        acting = {"operator": request.operator, "owner": request.user, "role": scope.role_of(request.user)}
        return super().get_import_form_kwargs(request) | {"acting": acting}


def begin(run, form, *, by, role):
    """Has an upload read, or asks where it leaves something open. FileRefused, told to the journal, where it cannot be read."""
    given, look_first = form.cleaned_data, form.cleaned_data["look_first"]
    actor = {"by": by, "role": role, "operator": run.operator, "run": run.pk}
    run.source = None if given["source"] == NO_SOURCE else given["source"]
    said = form.said(run.source)
    try:
        table = open_table(run, said)
        if given["source"] is None and (source := of_columns(run.operator, table.header)):
            run.source, said = source, form.said(source)
            table = open_table(run, said)
        CRMFile(storage.file_of(run), said, today=timezone.localdate(), table=table)
    except FileAsks:
        look_first = True
    except FileRefused as refusal:
        storage.refuse(run, refusal, actor)
        raise
    damaged = given["accept_damaged_names"] or bool(run.source and run.source.accept_damaged_names)
    ask(run, said, accept_damaged_names=damaged)
    if not look_first:
        begin_planning(run, said, by=by, role=role, accept_damaged_names=damaged)


def page_of(run):
    """Where somebody goes who has just read a file: to its columns where they are asked about, else to its run."""
    run.refresh_from_db()
    asked = run.state == ImportRun.State.ASKING
    return reverse(f"admin:registry_importrun_{'columns' if asked else 'change'}", args=[run.pk])


def own_run(request, **lookup):
    """A run of the user's own under the current operator; every other one does not exist."""
    runs = scope.in_scope(ImportRun.objects.all(), request.user)
    return get_object_or_404(runs, owner=request.user, **lookup)


def why_not_waiting(run):
    """(reason code for the journal, sentence) of a run that is not where the one who acts believes it to be."""
    run.refresh_from_db()
    if run.state in CONFIRMED:
        return "confirmed", _("This import was confirmed before, once is enough. Its page says what came of it.")
    if run.state == ImportRun.State.EXPIRED:
        return "expired", _(
            "The file had its time and was deleted; nothing of it was written. Upload it again to import it."
        )
    if run.state == ImportRun.State.CANCELLED:
        return "cancelled", _("This import was given up. Its page says what had been applied by then.")
    if run.state == ImportRun.State.REFUSED:
        return "refused", _("This import was refused. Its page says why.")
    return NOT_THE_ONE_SENT


def refused(request, site, code, sentence, *, run=None):
    """Tells why nothing more is done, and tells the journal, in a unit of its own."""
    with journal.unit_of_work(**actor(request)):
        journal.record("refused", object_type="importrun", uid=run and run.uid, reason_code=code)
    return nothing_imported(request, site, sentence, run=run)


def nothing_imported(request, site, sentence, *, run=None):
    """run: the one whose page says more."""
    title = _("Nothing more was done") if run else _("Nothing was imported")
    context = site.each_context(request) | {"title": title, "sentence": sentence, "run": run}
    return render(request, "admin/registry/datasubject/import_refused.html", context, status=400)
