"""Every admin view inside the journal: writing views in one unit of work, reading ones followed by one."""

import errno
import logging
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import resolve

from registry import journal, scope

from . import errors

logger = logging.getLogger(__name__)
READING = ("GET", "HEAD", "OPTIONS")
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
# What somebody with a one-time password may still reach.
BEFORE_NEW_PASSWORD = ("password_change", "password_change_done", "logout", "jsi18n")


class OtherOperator(Exception):
    """The record belongs to another operator of the same user, or the form was drawn for one: the switch is offered, nothing is
    shown and nothing done."""

    def __init__(self, operator, *, drawn=False):
        self.operator, self.drawn = operator, drawn


def actor(request):
    """Who acts, in the words of the journal."""
    user = request.user
    if not user.is_authenticated:
        return {"by": None}
    return {"by": user, "role": scope.role_of(user), "operator": request.operator}


def reason_of(request):
    return request.POST.get("_reason", "").replace("\0", "").strip()[:500]


def offer_switch_back(request):
    """A form drawn for another operator of the user's (switched in another tab) does nothing and offers the switch back."""
    code = request.POST.get("_seen", "").partition(".")[0]
    for membership in getattr(request.user, "_memberships", []):
        if membership.operator.code == code and membership.operator != request.operator:
            raise OtherOperator(membership.operator, drawn=True)


def as_drawn(request):
    """A form without a record acts for the operator it was drawn for (admin/drawn_for.html), or not at all. Whoever lost that
    one meets nothing; a form that names none is the current operator's.
    """
    offer_switch_back(request)
    current = request.operator.code if request.operator else "-"
    if request.POST.get("_seen", current) != current:
        raise Http404


def own_units(view):
    """Marks a view that opens its units of work itself, or only reads: no transaction is held over it."""
    view.in_own_units = True
    return view


def journalled(view, site):
    """Wraps an admin view. Refusals are told in a unit of their own, after whatever was begun has been rolled back.

    A view marked `in_own_units` (a long export) opens its units itself, so that no transaction is held over it.
    """

    def told(request, *args, **kwargs):
        try:
            if request.method in READING or getattr(view, "in_own_units", False):
                with journal.reading(**actor(request)):
                    return view(request, *args, **kwargs)
            with journal.unit_of_work(**actor(request), reason=reason_of(request)):
                return view(request, *args, **kwargs)
        except (PermissionDenied, Http404) as refusal:
            note_refusal(request, "403" if isinstance(refusal, PermissionDenied) else "404")
            raise
        except OtherOperator as other:
            note_refusal(request, "other_operator")
            context = {"other": other.operator, "title": str(other.operator), "drawn": other.drawn}
            context = site.each_context(request) | context
            return TemplateResponse(request, "admin/other_operator.html", context)

    @wraps(view)
    def wrapper(request, *args, **kwargs):
        if must_change_password(request):
            return redirect(f"{site.name}:password_change")
        return or_unavailable(told, request, *args, **kwargs)

    return wrapper


def or_unavailable(view, request, *args, **kwargs):
    """The view's answer, or a plain 503: a full disk, a lock held too long, a restarting database, a journal that cannot be
    written. Nothing was done then; another try may do."""
    try:
        return view(request, *args, **kwargs)
    except (journal.JournalUnavailable, OperationalError, OSError) as failure:
        if not (why := why_unavailable(failure)):
            raise
        logger.error(why)
        return errors.disk_full(request) if isinstance(failure, OSError) else errors.unavailable(request)


def why_unavailable(failure):
    """What is told to the log of a failure after which another try may do; nothing of any other."""
    if isinstance(failure, (journal.JournalUnavailable, OperationalError)):
        return f"The database refused the work: {type(failure).__name__}"
    if isinstance(failure, OSError) and failure.errno in NO_ROOM:
        return f"The disk is full: {errno.errorcode[failure.errno]}"
    return ""


def must_change_password(request):
    if not getattr(request.user, "must_change_password", False):
        return False
    match = request.resolver_match or resolve(request.path)
    return match.url_name not in BEFORE_NEW_PASSWORD


def note_refusal(request, code):
    """A refused act is an entry, too. The path may carry an id, never a name; it is not kept."""
    model = object_type(request)
    with journal.unit_of_work(**actor(request)):
        journal.record("refused", object_type=model, reason_code=code)


def object_type(request):
    """The model a changelist or form URL is about, from the URL's own name: registry_<model>_<view>."""
    match = request.resolver_match
    parts = (match.url_name or "").split("_") if match else []
    return parts[1] if len(parts) > 2 and parts[0] == "registry" else ""
