"""The lists of an import: rows somebody has to look at and people not in the file, a hundred a page and as CSV.

A list of rows gives its uploader's own file back. People who are not in that file leave the register by an export: import_missing.py.
"""

from functools import partial
from itertools import islice

from django.core.exceptions import PermissionDenied
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry import journal, scope
from registry.choices import Role
from registry.imports import storage
from registry.imports.lists import LISTS, MISSING, first_rows, length_of, rows_of, shown_people, shown_rows
from registry.imports.missing import about_sources, missing_people
from registry.imports.rejects import file_name, list_csv
from registry.imports.rows import NAMES
from registry.models import ImportRun
from registry.templatetags.registry_ui import grouped

from .acts import own_units
from .import_missing import export_view, may_export

SHOWN = 100
State = ImportRun.State


def list_urls(model_admin):
    """The addresses of the lists, beside those of the runs."""

    def page(view):
        return model_admin.admin_site.admin_view(own_units(partial(view, model_admin)))

    return [
        path("<int:pk>/lists/<slug:kind>/", page(list_view), name="registry_importrun_list"),
        path("<int:pk>/lists/<slug:kind>/csv/", page(csv_view), name="registry_importrun_list_csv"),
    ]


def list_links(request, run):
    """The lists of the run that have something in them and are still kept, for who may see them."""
    if not may_see_rejected(request, run) or not lists_are_kept(run):
        return []
    return [
        {
            "kind": kind,
            "title": listing.title,
            "count": count,
            "note": note_of(run, kind),
            "as_file": may_take(request, kind),
        }
        for kind, listing in LISTS.items()
        if (count := length_of(run, listing)) and is_kept(run, kind)
    ]


def note_of(run, kind):
    """What stands beside the name of a list."""
    if kind == "damaged":
        return _("among the stopped rows")
    return _("of all sources") if kind == MISSING and about_sources(run) else ""


def may_take(request, kind):
    """Whether somebody who sees the list may take it away as a file."""
    return kind != MISSING or may_export(request)


def is_kept(run, kind):
    """Whether the list still has its rows: an undo that left somebody comes weeks after the others had their time."""
    if kind == MISSING:
        return storage.seen_of(run).exists()
    return rows_of(run, LISTS[kind].kinds).exists()


def lists_are_kept(run):
    return bool(run.expires_at) or run.state in ImportRun.AT_WORK


def may_see_rejected(request, run):
    """The rows are personal values: for whoever imported them, and for the data protection officer."""
    if not scope.sees_personal(request.user):
        return False
    return run.owner_id == request.user.pk or scope.role_of(request.user) == Role.DPO


def list_view(model_admin, request, pk, kind):
    """A hundred rows of a list, from where the page before ended."""
    run, listing = _own(model_admin, request, pk, kind)
    after = _after(request.GET.get("after", ""), kind)
    shown, uids = _people(run, after) if kind == MISSING else (_rows(run, listing, after), ())
    more = len(shown) > SHOWN
    shown = shown[:SHOWN]
    journal.record(
        "import.list.view", object_type="importrun", uid=run.uid, uids=uids, count=len(shown), reason_code=kind
    )
    context = model_admin.admin_site.each_context(request) | {
        "title": listing.title,
        "opts": model_admin.opts,
        "run": run,
        "kind": kind,
        "listing": listing,
        "count": length_of(run, listing),
        "note": about_sources(run) if kind == MISSING else "",
        "came_of_it": what_came_of(run) if listing.kinds and kind != "left" else "",
        "as_file": may_take(request, kind),
        "rows": shown,
        "is_first": after is None,
        "after": shown[-1].after if more else "",
        "is_people": kind == MISSING,
        "until": storage.kept_until(run, kind),
    }
    return TemplateResponse(request, "admin/registry/importrun/list.html", context)


def what_came_of(run):
    """Of an import that was given up or undone: how much of it stands, for its lists stay those of the file. Else nothing."""
    if run.state not in (State.CANCELLED, State.UNDOING, State.UNDONE):
        return ""
    told = _undo_of(run) if run.state != State.CANCELLED or run.undo_was_given_up else _rest_of(run)
    if run.applied_at is not None or run.planned_at is None:  # applied to its end, or not read to it
        return told
    return _("The list is of the whole file, as it was planned. %s") % told


def _rest_of(run):
    if run.wrote_nothing:
        return _("The import was given up before anything was written: none of these rows was imported.")
    told = ngettext(
        "The import was given up after %(done)s of %(rows)s row: what follows in the file was not imported.",
        "The import was given up after %(done)s of %(rows)s rows: what follows in the file was not imported.",
        run.rows,
    )
    return told % {"done": grouped(run.rows_done), "rows": grouped(run.rows)}


def _undo_of(run):
    if run.state == State.UNDONE and not run.left:
        return _("The import was undone: what it wrote was taken back.")
    if run.state == State.UNDONE:
        return _("The import was undone: what it wrote was taken back, but for those whom the undo left.")
    told = ngettext(
        "Its undo has come to %(done)s of %(people)s person: whoever it put back stands as before the import.",
        "Its undo has come to %(done)s of %(people)s people: whoever it put back stands as before the import.",
        run.rows_expected,
    )
    return told % {"done": grouped(run.rows_done), "people": grouped(run.rows_expected)}


def csv_view(model_admin, request, pk, kind):
    """A whole list as a file for the CRM's owner."""
    run, listing = _own(model_admin, request, pk, kind)
    if kind == MISSING:
        return export_view(model_admin, request, run)
    count = length_of(run, listing)
    journal.record("import.list.download", object_type="importrun", uid=run.uid, count=count, reason_code=kind)
    response = StreamingHttpResponse(list_csv(run, kind), content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="{file_name(run, kind)}"'
    return response


def _own(model_admin, request, pk, kind):
    storage.purge_expired()
    if kind not in LISTS:
        raise Http404
    run = get_object_or_404(model_admin.get_queryset(request), pk=pk)
    if not may_see_rejected(request, run):
        raise PermissionDenied
    if not lists_are_kept(run):
        raise Http404
    return run, LISTS[kind]


def _after(text, kind):
    """Where the page begins: a primary key, or line.key; None at the beginning. Whatever else is typed leads nowhere."""
    parts = text.split(".") if text else []
    if not parts:
        return None
    if len(parts) != (1 if kind == MISSING else 2) or not all(part.isascii() and part.isdigit() for part in parts):
        raise Http404
    numbers = [int(part[:18]) for part in parts]
    return numbers[0] if kind == MISSING else tuple(numbers)


def _rows(run, listing, after):
    return shown_rows(run, first_rows(run, listing.kinds, SHOWN + 1, after=after or (0, 0)))


def _people(run, after):
    people = list(islice(missing_people(run, ("uid", "crm_id", *NAMES), after=after or 0), SHOWN + 1))
    return shown_people(people), [person["uid"] for person in people[:SHOWN]]
