"""Files of a case: added on its page, handed out under a neutral name, each time told to the journal."""

import hashlib

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from registry import journal, scope
from registry.models import CaseAttachment
from registry.operations.attachments import attach, content_of, download_name
from registry.rules.attachments import MAX_BYTES


class FilePages:
    def get_urls(self):
        name, site = self.opts.model_name, self.admin_site
        return [
            path("<int:pk>/attach/", site.admin_view(self.attach_view), name=f"registry_{name}_attach"),
            path("<int:pk>/file/<int:attachment>/", site.admin_view(self.file_view), name=f"registry_{name}_file"),
            *super().get_urls(),
        ]

    @method_decorator(require_POST)
    def attach_view(self, request, pk):
        """Adds a file; one that is not taken is told on the page of the case, and nothing else is lost."""
        case = self.case_or_404(request, pk, lock=True)
        if not self.has_change_permission(request, case):
            raise PermissionDenied
        file = request.FILES.get("file")
        if file is None:
            messages.error(request, _("No file was chosen. Choose one, then attach it."))
            return HttpResponseRedirect(self.address(case))
        try:
            content = file.read(MAX_BYTES + 1)  # one byte too many is enough to refuse it
            refuse_twice(case, content)
            with transaction.atomic():
                attach(case, name=file.name, content=content, by=request.user, at=timezone.now())
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, _("The file is attached."))
        return HttpResponseRedirect(self.address(case))

    def file_view(self, request, pk, attachment):
        """The file, always to be saved, never shown in the page; its name names nobody."""
        case = self.case_or_404(request, pk)
        if not self.may_read(request, case):
            raise PermissionDenied
        attachment = get_object_or_404(CaseAttachment, pk=attachment, **case.as_parent)
        try:
            content = content_of(attachment)
        except (FileNotFoundError, ValueError):
            raise Http404 from None
        journal.record("view", object_type="caseattachment", uid=attachment.uid, subjects=attachment.journal_subjects())
        return download(content, attachment.media_type, download_name(attachment))

    def may_read(self, request, case):
        """Whether the role may read what people wrote, not only when and about what."""
        return self.has_view_permission(request, case) and scope.sees_personal(request.user)


def refuse_twice(case, content):
    if case.caseattachments.filter(sha256=hashlib.sha256(content).hexdigest()).exists():
        raise ValidationError(_("This file is attached already."))


def download(content, media_type, name):
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
