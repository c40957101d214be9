"""Blocking on the person's page: set with reasons, lifted by somebody else, each on a page of its own."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registry.models import Block, Law, ProcessingActivity
from registry.models.block import NOT_ONES_OWN
from registry.models.gate import cited
from registry.operations.blocking import block, unblock

from .acts import reason_of
from .labels import Citations
from .reading_blocked import ReadsBlocked, held, label_of

WHY = gettext_lazy("Kept with the block and in the history. Seen by those who may see people.")
WHAT_IT_MEANS = gettext_lazy(
    "The data are then stored only: not changed, used, passed on, exported, depersonalised nor destroyed. Under 152-FZ they may be "
    "corrected. Somebody else lifts the block."
)
WHAT_LIFTING_MEANS = gettext_lazy(
    "The data may then be changed, used and passed on again. Whoever set the block cannot lift it."
)
BLOCKED_ALREADY = gettext_lazy(
    "This is blocked already: %(block)s. Nothing was recorded. A further cause is recorded as a block of the activity it is about, or "
    "under another law."
)


def norms_of(blocks):
    """Of the laws under which these blocks were set, and of no other."""
    if not blocks:
        return ""
    return "; ".join(Citations.of_laws("blocking", {block.law_id for block in blocks}))


def described(block):
    set_at = date_format(timezone.localtime(block.set_at), "d.m.Y H:i")
    who = block.set_by.get_full_name() if block.set_by else ""
    about = block.activity or _("everything")
    return " · ".join(filter(None, [str(block.law), str(about), block.get_cause_display(), set_at, who]))


def listed(title, blocks):
    return {"standing_title": title, "standing": list(map(described, blocks))}


def lifted(count, subject):
    """What is told of the blocks that were lifted: others may stand on."""
    told = ngettext("The block is lifted.", "%(count)d blocks are lifted.", count) % {"count": count}
    if left := subject.blocks.standing().count():
        told += " " + ngettext("%(left)d block still stands.", "%(left)d blocks still stand.", left) % {"left": left}
    return told


class BlockForm(forms.Form):
    """Which law, what, and why. The laws are the operator's own."""

    law = forms.ModelChoiceField(Law.objects.none(), label=gettext_lazy("Under which law"))
    activity = forms.ModelChoiceField(
        ProcessingActivity.objects.none(),
        label=gettext_lazy("Activity"),
        required=False,
        empty_label=gettext_lazy("everything"),
    )
    cause = forms.ChoiceField(label=gettext_lazy("Cause"), choices=Block.Cause)
    _reason = forms.CharField(label=gettext_lazy("Reasons"), max_length=500, help_text=WHY, widget=forms.Textarea)

    def __init__(self, *args, operator, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["law"].queryset = laws = Law.objects.filter(pk__in=operator.laws.values("law"))
        self.fields["law"].initial = laws.filter(calendar_country=operator.country).first() or laws.first()
        self.fields["activity"].queryset = ProcessingActivity.objects.filter(operator=operator)


class BlocksField(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, block):
        return described(block)


class LiftForm(forms.Form):
    """Which of the blocks that somebody else set, and why."""

    blocks = BlocksField(
        Block.objects.none(),
        label=gettext_lazy("Which"),
        error_messages={
            "required": gettext_lazy("Tick the blocks to be lifted."),
            "invalid_choice": gettext_lazy(
                "One of them was lifted meanwhile. Look at those that stand, and tick again."
            ),
        },
    )
    _reason = forms.CharField(label=gettext_lazy("Reasons"), max_length=500, help_text=WHY, widget=forms.Textarea)

    def __init__(self, *args, blocks, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["blocks"].queryset = blocks
        self.fields["blocks"].initial = blocks


class BlocksPeople(ReadsBlocked):
    """Adds to the person's page the two acts, and what a block means while it stands."""

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/block/", view(self.block_view), name="registry_datasubject_block"),
            path("<int:pk>/unblock/", view(self.unblock_view), name="registry_datasubject_unblock"),
            *super().get_urls(),
        ]

    def get_readonly_fields(self, request, obj=None):
        if not held(obj):
            return super().get_readonly_fields(request, obj)
        return [name for _heading, options in self.fieldsets for name in options["fields"]]

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """A form drawn before the block is refused as a whole: its fields are not there any more."""
        if request.method == "POST" and object_id is not None and "surname" in request.POST:
            record = self.record_or_404(request, object_id, lock=True)
            if blockers := held(record):
                for blocker in blockers:
                    messages.error(request, cited(blocker))
                return HttpResponseRedirect(request.path)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def form_context(self, request, record):
        context = super().form_context(request, record)
        if record is None:
            return context
        standing = list(record.blocks.standing().select_related("law", "activity", "set_by"))
        context["standing_blocks"] = list(map(described, standing))
        context["blocked_norm"] = norms_of(standing)
        context["may_clarify"] = not held(record)
        if request.user.has_perm("registry.add_block"):
            acts = [{"label": _("Block"), "url": reverse("admin:registry_datasubject_block", args=[record.pk])}]
            if standing:
                acts.append(
                    {
                        "label": _("Lift the block"),
                        "url": reverse("admin:registry_datasubject_unblock", args=[record.pk]),
                    }
                )
            context["acts"] = [*context.get("acts", []), *acts]
        return context

    def person_for_act(self, request, pk):
        subject = self.record_or_404(request, str(pk), lock=request.method == "POST")
        if not request.user.has_perm("registry.add_block", subject):
            raise PermissionDenied
        return subject

    def block_view(self, request, pk):
        subject = self.person_for_act(request, pk)
        form = BlockForm(request.POST or None, operator=subject.operator)

        def set_block():
            chosen = {name: form.cleaned_data[name] for name in ("law", "activity", "cause")}
            standing = subject.blocks.standing().filter(law=chosen["law"], activity=chosen["activity"])
            if already := standing.select_related("law", "activity", "set_by").first():
                raise ValidationError(BLOCKED_ALREADY % {"block": described(already)})
            block(subject, why=reason_of(request), **chosen, **by_whom(request))

        if request.method == "POST" and form.is_valid() and self.acted(form, set_block):
            return self.done(request, subject, _("The data are blocked. Only somebody else can lift the block."))
        norm = "; ".join(Citations.of_laws("blocking", subject.operator.laws.values("law")))
        said = {"title": _("Block the data"), "button": _("Block"), "what": WHAT_IT_MEANS, "norm": norm}
        standing = subject.blocks.standing().select_related("law", "activity", "set_by")
        return self.act_page(request, subject, form, said | listed(_("Blocks that stand"), standing))

    def unblock_view(self, request, pk):
        subject = self.person_for_act(request, pk)
        standing = subject.blocks.standing().select_related("law", "activity", "set_by")
        of_others, own = standing.exclude(set_by=request.user), standing.filter(set_by=request.user)
        if not standing:
            messages.warning(request, _("No block stands any more. Nothing was recorded."))
            return HttpResponseRedirect(page_of(subject))
        form = LiftForm(request.POST or None, blocks=of_others) if of_others else None

        def lift():
            unblock(subject, why=reason_of(request), blocks=form.cleaned_data["blocks"], **by_whom(request))

        if form and request.method == "POST" and form.is_valid() and self.acted(form, lift):
            return self.done(request, subject, lifted(len(form.cleaned_data["blocks"]), subject))
        said = {
            "title": _("Lift the block"),
            "what": WHAT_LIFTING_MEANS if form else NOT_ONES_OWN,
            "norm": norms_of(standing),
        }
        return self.act_page(request, subject, form, said | listed(_("Set by yourself"), own))

    def acted(self, form, act):
        """Whether it was done, all of it; else nothing was, and the form says why."""
        try:
            with transaction.atomic():
                act()
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return False
        return True

    def done(self, request, subject, message):
        messages.success(request, message)
        return HttpResponseRedirect(page_of(subject))

    def act_page(self, request, subject, form, said):
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "object": subject,
            "kicker": label_of(request, subject),
            "form": form,
            "media": self.media + form.media if form else self.media,
            "back": page_of(subject),
            **said,
        }
        self.tell_opened(request, subject)
        return TemplateResponse(request, "admin/registry/datasubject/block.html", context)


def by_whom(request):
    return {"by": request.user, "at": timezone.now()}


def page_of(subject):
    return reverse("admin:registry_datasubject_change", args=[subject.pk])
