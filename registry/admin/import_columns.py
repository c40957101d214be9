"""The page on which somebody says how a CRM's file is read: which column is which field, what else it leaves open."""

import hashlib
from contextlib import suppress

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from registry import scope
from registry.choices import DateOrder
from registry.imports import storage
from registry.imports.asking import ask, open_table, reading, said_so_far
from registry.imports.crm_file import CRMFile
from registry.imports.inspection import FileRefused
from registry.imports.sources import newest_rows, remember, said_of
from registry.imports.storage import AlreadyTaken
from registry.models import ImportRun, ImportSource
from registry.tasks import begin_planning

from .acts import own_units
from .columns_form import DEFAULTS, FIELD_NAMES, ColumnsForm, as_chosen
from .conflict import who_saved
from .imports import nothing_imported, own_run, refused, why_not_waiting

OF_THE_HEADERS = ("date_order", "read_as")


class SavedMeanwhile(Exception):
    """Somebody changed the source after the page was drawn."""

    def __init__(self, source):
        super().__init__()
        self.source = source


class ColumnsPage:
    """The page of a run's columns, for whoever uploaded the file, while nothing of it is written."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.columns_view)
        return [path("<int:pk>/columns/", view, name="registry_importrun_columns"), *super().get_urls()]

    @own_units
    def columns_view(self, request, pk):
        storage.purge_expired()
        if not request.user.has_perm("registry.import_datasubject"):
            raise PermissionDenied
        run = own_run(request, pk=pk)
        if run.state not in ImportRun.OPEN:
            return HttpResponseRedirect(page_of(run))
        try:
            with storage.file_may_go(run):
                return self.columns_answer(request, run)
        except AlreadyTaken:  # the page of the run says where its file is
            return HttpResponseRedirect(page_of(run))
        except FileRefused as refusal:  # the file is gone, or cannot be read in any way
            return nothing_imported(request, self.admin_site, refusal.told, run=run)

    def columns_answer(self, request, run):
        """The page, or what came of what was sent. The file may go while it is read."""
        said, is_newer, trouble = said_now(run)
        form = drawn(run, said, trouble) if request.method != "POST" else posted(run, said, request.POST)
        if form.is_bound and form.is_valid():
            try:
                if read_as_said(run, form, {"by": request.user, "role": scope.role_of(request.user)}):
                    return HttpResponseRedirect(page_of(run))
            except AlreadyTaken:
                return refused(request, self.admin_site, *why_not_waiting(run), run=run)
            except SavedMeanwhile as meanwhile:
                return self.source_conflict(request, form, meanwhile.source)
        if is_newer and request.method != "POST":  # what was sent is shown as it was sent
            told = _("The source “%(name)s” was changed after this file was uploaded: the page shows what it says now.")
            messages.info(request, told % {"name": run.source})
        return self.columns_page(request, run, form)

    def columns_page(self, request, run, form):
        context = self.admin_site.each_context(request) | {
            "title": _("Columns of the file"),
            "opts": self.opts,
            "run": run,
            "form": form,
            "found": form.found,
            "remembered_order": form.said_before.order_remembered and DateOrder(form.said_before.date_order).label,
            "dates": [(text, [_reading(order, day) for order, day in days]) for text, days in form.found.dates],
            "field_names": FIELD_NAMES.items() if form.many else (),
        }
        return TemplateResponse(request, "admin/registry/importrun/columns.html", context)

    def source_conflict(self, request, form, source):
        context = self.admin_site.each_context(request) | {
            "title": _("Somebody else saved it first"),
            "object_label": source,
            "url": request.path,
            "history_url": reverse("admin:registry_importsource_history", args=[source.pk]),
            "entered": form.entered(),
            **who_saved(source, ()),
        }
        return TemplateResponse(request, "admin/conflict.html", context, status=409)


def said_now(run):
    """(what was said of the file up to now, whether that is what its source says since somebody changed it, a sentence where
    this file is no table as the source says now: then it is drawn with the encoding and the delimiter it was read with).
    """
    said = said_so_far(run)
    if not run.source or said.as_of in (0, newest_rows([run.source]).get(run.source.pk)):
        return said, False, ""
    run.accept_damaged_names = run.source.accept_damaged_names
    now = said_of(run.source)
    try:
        open_table(run, now)
    except FileRefused as refusal:
        return now._replace(encoding=said.encoding, delimiter=said.delimiter), True, refusal.told
    return now, True, ""


def drawn(run, said, trouble=""):
    """The form as the file and what was said so far have it."""
    found = reading(run, said)
    initial = initial_of(run, said, found)
    if trouble:  # a source that does not read this file is changed by it only where somebody says so
        initial["source"] = None
    form = ColumnsForm(initial=initial, run=run, found=found, said=said)
    form.trouble = trouble or found.trouble
    return form


def initial_of(run, said, found):
    initial = dict.fromkeys(DEFAULTS, "") | as_chosen(said.defaults)
    initial |= {
        "encoding": said.encoding or "",
        "delimiter": {"\t": "tab"}.get(said.delimiter, said.delimiter) or "",
        "date_order": "" if found.dates else said.date_order,
        "accept_damaged_names": run.accept_damaged_names,
        "blank_clears": said.blank_clears,
        "source": run.source_id,
        "read_as": fingerprint(found),
        "seen": seen(run, said),
    }
    return initial | {f"column_{number}": field for number, field in enumerate(found.fields)}


def seen(run, said):
    """The state of each source the page can be remembered for; of the file's own that which the page is drawn from."""
    rows = newest_rows(ImportSource.objects.filter(operator=run.operator))
    if run.source and said.as_of:
        rows[run.source.pk] = said.as_of
    return " ".join(f"{pk}-{row}" for pk, row in rows.items())


def posted(run, said, data):
    """The form as it was sent; drawn anew, with nothing judged, where somebody only looks, or its columns are others by now."""
    words = said._replace(encoding=data.get("encoding") or None, delimiter=data.get("delimiter") or None)
    words = words if said.order_remembered else words._replace(date_order="")
    try:
        found = reading(run, words)
    except FileRefused as refusal:
        return answered(drawn(run, said, trouble=refusal.told), data)
    if "again" in data:
        return answered(drawn(run, words), data)
    if data.get("read_as") != fingerprint(found):
        return answered(drawn(run, words, trouble=_("The columns were read anew: look at them, then go on.")), data)
    form = ColumnsForm(data, initial=initial_of(run, said, found), run=run, found=found, said=said)
    form.trouble = ""
    return form


def answered(form, data):
    """The form drawn anew, with what was answered: all of it beside the same headers, beside others what is not said of a column."""
    same = data.get("read_as") == form.initial["read_as"]
    kept = [name for name in form.fields if same or not (name in OF_THE_HEADERS or name.startswith("column_"))]
    form.initial |= {name: data.get(name, "") for name in kept}
    return form


def read_as_said(run, form, acting):
    """Has the file read as the form says; whether that was possible, else the form tells why not. SavedMeanwhile where the
    source is not the one the form was drawn beside.
    """
    given, said = form.cleaned_data, form.said()
    damaged = given["accept_damaged_names"]
    try:
        CRMFile(storage.file_of(run), said, today=timezone.localdate())
    except FileRefused as refusal:
        form.add_error(None, refusal.told)
        return False
    name = given["new_source"].strip()
    source = ImportSource(operator=run.operator, name=name) if name else given["source"]
    try:
        with transaction.atomic():  # of a run that went on meanwhile nothing is remembered either
            # What the page has no place for comes from the file's own source, wherever it is remembered.
            for each in {run.source, given["source"]} - {None}:
                _refuse_changed(each, given["seen"])
            if source:
                reason = _("columns of import #%d") % run.pk
                remember(source, said, accept_damaged_names=damaged, reason=reason, **acting)
                said = said._replace(as_of=newest_rows([source])[source.pk])
            run.source = source
            ask(run, said, accept_damaged_names=damaged)
    except ValidationError as refusal:
        form.add_error("new_source" if name else NON_FIELD_ERRORS, refusal.messages)
        return False
    with suppress(FileRefused):  # the page of the run says it
        begin_planning(run, said, accept_damaged_names=damaged, **acting)
    return True


def _refuse_changed(source, seen):
    ImportSource.objects.select_for_update(of=("self",)).get(pk=source.pk)
    if f"{source.pk}-{newest_rows([source]).get(source.pk)}" not in seen.split():
        raise SavedMeanwhile(source)
    source.refresh_from_db()


def fingerprint(found):
    """What the columns were drawn from: they are answered for these headers and no others."""
    return hashlib.sha256("\0".join([found.table.file.delimiter, *found.header]).encode()).hexdigest()


def page_of(run):
    return reverse("admin:registry_importrun_change", args=[run.pk])


def _reading(order, day):
    return _("%(order)s: %(day)s") % {"order": DateOrder(order).label, "day": formats.date_format(day, "j F Y")}
