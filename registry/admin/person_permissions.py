"""What may be done with a person today, on a page of its own: what the file for the CRM would say, and because of whom."""

from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registry import journal, scope
from registry.choices import Channel
from registry.exports.permissions_of_one import PermissionsOfOne
from registry.rules.deadlines import day_of
from registry.rules.permissions import CHANNELS, ground_told

from .permission_exports import REASONS
from .reading_blocked import ReadingForm, label_of

MOST_NAMED = 5
SAME = {
    "iin": gettext_lazy("the same IIN"),
    "email": gettext_lazy("the same e-mail"),
    "phone": gettext_lazy("the same phone"),
}


class ShowsPermissions:
    """Adds the page to a person's."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.permissions_view)
        return [path("<int:pk>/permissions/", view, name="registry_datasubject_permissions"), *super().get_urls()]

    def permissions_view(self, request, pk):
        person = self.record_or_404(request, str(pk))
        if not self.has_view_permission(request, person):
            raise PermissionDenied
        if self.reason_to_read(request, person) == "":
            return self.ask(request, person, ReadingForm())
        known = PermissionsOfOne(person, timezone.now())
        rows = answers(known, scope.sees_personal(request.user))
        context = self.admin_site.each_context(request) | {
            "title": _("What is allowed today"),
            "what": _("What may be done with the data, as the file for the CRM would say it now."),
            "opts": self.opts,
            "object": person,
            "kicker": label_of(request, person),
            "back": reverse("admin:registry_datasubject_change", args=[person.pk]),
            "answers": rows,
            "allowed": known.permissions,
            "why": told(known.permissions.why),
        }
        self.tell_opened(request, person)
        self.tell_others(rows)
        return TemplateResponse(request, "admin/registry/datasubject/permissions.html", context)

    def tell_others(self, rows):
        """In the journal: their labels stand on the page, too."""
        uids = dict.fromkeys(why["uid"] for row in rows for why in row["why"] if "uid" in why)
        if uids:
            journal.record("list", object_type=self.opts.model_name, uids=list(uids), count=len(uids))


def answers(known, personal):
    """What is asked, whether it is allowed, and why: sentences, each with its day and with somebody else because of whom it is so."""
    facts, allowed = known.facts_of_one, known.permissions
    if allowed.blocked or not facts.grounds:
        blocks = [("iin", each, day_of(each.set_at)) for each in known.blocks_of_others]
        held = [{"said": told(allowed.why), "since": allowed.since}]
        held += because(_("The blocked record:"), blocks, personal)
        why, transfer = dict.fromkeys(CHANNELS, held), held
    else:
        kind, began = ground_told(facts)
        ground = [{"said": told(kind), "since": began}]
        why = {channel: stopped(known, channel, personal) or ground for channel in CHANNELS}
        lacking = [{"said": _("No live consent lets the data go to third parties.")}]
        transfer = ground if allowed.may_transfer else lacking
    may = dict(zip(CHANNELS, allowed, strict=False))
    rows = [{"what": capfirst(Channel(each).label), "may": may[each], "why": why[each]} for each in CHANNELS]
    return [*rows, {"what": _("Transfer to third parties"), "may": allowed.may_transfer, "why": transfer}]


def stopped(known, channel, personal):
    """The opt-outs that stop a channel: the person's own, else those of others at the same address."""
    own = [since for opted_out, since in known.facts_of_one.opted_out if opted_out == channel]
    if own:
        return [{"said": _("The person opted out."), "since": min(own)}]
    others = [(field, each, each.since_on) for field, each in known.opt_outs_of_others if each.channel == channel]
    return because(_("Somebody else opted out:"), others, personal)


def because(said, others, personal):
    """The sentence, with each of those whose opt-out or block it is, and the address they share; of many the earliest."""
    named = [
        {
            "said": said,
            "label": each.subject.listed_label(personal),
            "url": reverse("admin:registry_datasubject_change", args=[each.subject_id]),
            "same": SAME[field],
            "since": since,
            "uid": each.subject.uid,
        }
        for field, each, since in others[:MOST_NAMED]
    ]
    if more := len(others) - len(named):
        named.append({"said": ngettext("And %d more.", "And %d more.", more) % more})
    return named


def told(code):
    return dict(REASONS)[code]
