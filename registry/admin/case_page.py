"""The page of a case: what is asked, until when, of whom, what was done, what is next. It is read; everything is done by acts."""

from functools import partial

from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry import scope
from registry.models import CaseLetter, SubjectRequest

from . import case_cards as cards
from .case_due import due_pill, horizon_of
from .case_progress import ACTS_OF_THEIR_OWN, progress
from .labels import Citations
from .reading_blocked import label_of

GROUPS = (
    ("do", gettext_lazy("What is asked")),
    ("letters", gettext_lazy("Letters")),
    ("case", gettext_lazy("The case")),
)


class CasePage:
    def case_or_404(self, request, pk, lock=False):
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self.record_or_404(request, str(pk), lock)

    def page_view(self, request, pk):
        return self.drawn(request, self.case_or_404(request, pk))

    def drawn(self, request, case, refusals=(), status=200):
        """The page of the case, with what was refused on top. Reading it is told to the journal."""
        self.tell_opened(request, case)
        personal, facts = scope.sees_personal(request.user), case.facts(timezone.now())
        context = self.admin_site.each_context(request) | {
            "title": case.label,
            "opts": self.opts,
            "case": case,
            "personal": personal,
            "may_change": self.has_change_permission(request, case) and case.closed_at is None,
            "refusals": refusals,
            "due_pill": "" if case.closed_at else due_pill(case, horizon_of(request)),
            "state_pill": self.state(case) if case.closed_at else "",
            "history_url": reverse(f"admin:registry_{self.opts.model_name}_history", args=[case.pk]),
            "correct_url": reverse(f"admin:registry_{self.opts.model_name}_correct", args=[case.pk]),
            "attach_url": reverse(f"admin:registry_{self.opts.model_name}_attach", args=[case.pk]),
            "follower": case.followed_by.first(),
            **self.cards(request, case, personal),
            **self.what_can_be_done(request, case, facts),
        }
        return TemplateResponse(request, "admin/registry/subjectrequest/page.html", context, status=status)

    def cards(self, request, case, personal):
        shown = {
            "deadlines": cards.deadlines(case, horizon_of(request)),
            "steps": cards.steps(case, personal),
            "letters": cards.letters(case, lambda letter: self.part_url(case, "letter", letter) if personal else ""),
            "files": cards.files(case, lambda file: self.part_url(case, "file", file) if personal else "", personal),
        }
        if isinstance(case, SubjectRequest):
            shown |= {
                "person": cards.person(case, personal, partial(label_of, request)),
                "duplicates": [] if case.closed_at else cards.duplicates(case, request.user),
                "mails": cards.mails(case, personal),
                "obligations": cards.obligations(case, horizon_of(request), personal),
            }
        return shown

    def part_url(self, case, view, part):
        return reverse(f"admin:registry_{self.opts.model_name}_{view}", args=[case.pk, part.pk])

    # What can be done

    def what_can_be_done(self, request, case, facts):
        """The stages, what is next, the other acts whose gate is open, and what stands in the way of the rest."""
        found, following = progress(case, facts)
        possible, waiting = self.acts_of(request, case, facts)
        main = self.next_act(case, following, possible)
        rest = [each for each in possible if main is None or each["url"] != main["url"]]
        return {
            "stages": found,
            "now": following,
            "main": main,
            "groups": [
                {"label": label, "acts": acts}
                for group, label in GROUPS
                if (acts := [each for each in rest if each["group"] == group])
            ],
            "waiting": waiting,
        }

    def acts_of(self, request, case, facts):
        """(acts whose gate is open, acts with what stands in their way)."""
        possible, waiting, citations = [], [], None
        for act, form in self.acts.items():
            if not self.may(request, form, case) or not form.is_offered(case, facts):
                continue
            shown = {"act": act, "label": form.label, "group": form.group, "url": self.act_url(case, act)}
            if blockers := form.blockers(case, facts):
                citations = citations or Citations(case.operator)
                waiting.append(shown | {"blockers": [citations.described(blocker) for blocker in blockers]})
            else:
                possible.append(shown)
        return possible, waiting

    def act_url(self, case, act):
        return reverse(f"admin:registry_{self.opts.model_name}_act", args=[case.pk, act])

    def next_act(self, case, stage, possible):
        """The button that leads on: the act of the stage, or the letter that is under way."""
        if stage is None or not possible:
            return None
        if stage.act == "person":
            url = reverse("admin:registry_subjectrequest_person", args=[case.pk])
            return {"label": _("Find the person"), "url": url, "by_post": True}
        if stage.act == "tell" and (owed := case.obligations.open().order_by("due_on", "pk").first()):
            url = reverse("admin:registry_obligation_fulfil", args=[owed.pk])
            return {"label": _("Tell %s") % (owed.recipient or _("the person")), "url": url}
        if stage.act == "answer" and (letter := self.letter_under_way(case)):
            return {"label": _("Go on with the letter"), "url": self.part_url(case, "letter", letter)}
        wanted = (stage.act, "record") if stage.act in ACTS_OF_THEIR_OWN.values() else (stage.act,)
        return next((each for act in wanted for each in possible if each["act"] == act), None)

    def letter_under_way(self, case):
        kinds = CaseLetter.Kind
        return case.caseletters.filter(sent_at=None, kind__in=(kinds.ANSWER, kinds.REFUSAL)).last()
