"""The page of a letter: the sheet as it is or will be sent, printed from the browser or saved as a document."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from registry import journal
from registry.exports.answer_pack import pack_context, pack_file, pack_of
from registry.exports.letters import letter_context, letter_docx
from registry.models import CaseLetter
from registry.operations.attachments import download_name
from registry.rules.attachments import ENDINGS
from registry.templatetags.registry_ui import pill

from .case_acts import LETTER_ACTS
from .case_files import download
from .case_letter_forms import brings_pack

[DOCX] = (media_type for media_type, ending in ENDINGS.items() if ending == "docx")
MAIN_ACTS = ("sign", "send")


def letter_state(letter):
    """How far a letter has come: (word, tone)."""
    if letter.sent_at:
        return _("sent"), "ok"
    if letter.failure:
        return _("not sent"), "bad"
    if letter.queued_at:
        return _("given to the mailer"), "warn"
    if letter.is_signed:
        return _("signed off, not sent"), "warn"
    return _("draft"), "warn"


class LetterPages:
    def get_urls(self):
        name, site = self.opts.model_name, self.admin_site
        here = "<int:pk>/letter/<int:letter>/"
        return [
            path(here, site.admin_view(self.letter_view), name=f"registry_{name}_letter"),
            path(f"{here}pack/", site.admin_view(self.pack_view), name=f"registry_{name}_letter_pack"),
            path(f"{here}docx/", site.admin_view(self.docx_view), name=f"registry_{name}_letter_docx"),
            *super().get_urls(),
        ]

    def letter_view(self, request, pk, letter):
        case, letter = self.letter_or_404(request, pk, letter)
        facts = case.facts(timezone.now())
        acts = [
            {"label": form.label, "url": self.letter_url(letter, "letter_act", act), "main": act in MAIN_ACTS}
            for act, form in LETTER_ACTS.items()
            if self.may(request, form, case, letter) and form.is_offered(case, facts, letter)
        ]
        context = self.admin_site.each_context(request) | {
            "title": letter.get_kind_display(),
            "opts": self.opts,
            "case": case,
            "case_url": self.address(case),
            "letter": letter,
            "state_pill": pill(*letter_state(letter)),
            "acts": acts,
            "waits_for_dpo": not letter.is_signed and not request.user.has_perm("registry.sign_caseletter", letter),
            "docx_url": self.letter_url(letter, "letter_docx"),
            "pack": self.pack_file(case, letter),
            "pack_url": self.letter_url(letter, "letter_pack") if self.has_preview(letter) else "",
            **letter_context(letter),
        }
        return TemplateResponse(request, "admin/registry/subjectrequest/letter.html", context)

    def pack_view(self, request, pk, letter):
        """What would go with the letter if it were signed off now."""
        case, letter = self.letter_or_404(request, pk, letter)
        if not self.has_preview(letter):
            raise Http404
        context = self.admin_site.each_context(request) | {
            "title": _("What goes with the letter"),
            "opts": self.opts,
            "case": case,
            "case_url": self.address(case),
            "letter": letter,
            "letter_url": self.address_of(letter),
            "language": letter.language,
            **pack_context(pack_of(case, letter.language)),
        }
        return TemplateResponse(request, "admin/registry/subjectrequest/pack.html", context)

    def has_preview(self, letter):
        return brings_pack(letter) and not letter.pack_id and not letter.is_signed

    def docx_view(self, request, pk, letter):
        _case, letter = self.letter_or_404(request, pk, letter)
        return download(letter_docx(letter), DOCX, f"{letter.case.number}-letter-{letter.pk}.docx")

    def letter_or_404(self, request, pk, letter):
        """A letter of the case; reading it is told to the journal."""
        case = self.case_or_404(request, pk)
        if not self.may_read(request, case):
            raise PermissionDenied
        letter = get_object_or_404(CaseLetter.objects.select_related("norm__law", "pack"), pk=letter, **case.as_parent)
        journal.record("view", object_type="caseletter", uid=letter.uid, subjects=letter.journal_subjects())
        return case, letter

    def letter_url(self, letter, view, *args):
        name = f"admin:registry_{letter.case._meta.model_name}_{view}"
        return reverse(name, args=[letter.case.pk, letter.pk, *args])

    def pack_file(self, case, letter):
        """The document that goes with the letter."""
        if (file := pack_file(letter)) is None:
            return None
        url = reverse(f"admin:registry_{self.opts.model_name}_file", args=[case.pk, file.pk])
        return {"name": download_name(file), "url": url}

    def letter_state_word(self, letter):
        return letter_state(letter)[0]
