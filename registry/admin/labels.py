"""Words the screens share: actions of the journal, names of its actors, norms behind a blocker."""

from itertools import zip_longest

from django.apps import apps
from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from registry import scope
from registry.choices import Role
from registry.journal.actions import Action
from registry.models import Norm
from registry.models.gate import policy_clause


def role_label(role):
    """A role as the journal names it, in words."""
    return {**dict(Role.choices), scope.ADMINISTRATOR: _("Administrator")}.get(role, "")


def action_label(action):
    return Action(action).label


def actor_names(entries):
    """Names of the staff who acted, by id."""
    ids = {entry.actor for entry in entries if entry.actor}
    return {user.pk: user.get_full_name() for user in get_user_model().objects.filter(pk__in=ids)}


def actor_label(entry, names):
    """Who acted. A failed login has nobody; everything else without a person was done by a command."""
    if entry.actor:
        return names.get(entry.actor, str(entry.actor))
    return _("unknown") if entry.action == Action.LOGIN_FAILED else _("system")


def object_label(object_type):
    """The name of a model as people know it."""
    try:
        return apps.get_model("registry", object_type)._meta.verbose_name if object_type else ""
    except LookupError:
        return object_type


class Citations:
    """The norms of an operator's laws in force today, by topic, the first of each law before the second; what is unverified
    says so."""

    SHOWN = 3

    def __init__(self, operator):
        self.operator = operator

    @cached_property
    def by_law(self):
        """Citations by topic and code of the law."""
        norms, found = Norm.objects.in_force(timezone.localdate()).filter(law__in=self.operator.laws.values("law")), {}
        for norm in norms.select_related("law"):
            for topic in norm.topics.split():
                found.setdefault(topic, {}).setdefault(norm.law.code, []).append(norm.citation)
        return found

    @cached_property
    def by_topic(self):
        return {
            topic: [each for places in zip_longest(*by_law.values()) for each in places if each]
            for topic, by_law in self.by_law.items()
        }

    @staticmethod
    def of_laws(topic, laws):
        """The norms of these laws about a topic, in force today."""
        return [norm.citation for norm in Norm.objects.in_force(timezone.localdate()).filter(law__in=laws).about(topic)
                .select_related("law")]  # fmt: skip

    def norms(self, blocker):
        """What it rests on, in a line: the clause of the policy where one asks for it, and the norms of the law."""
        of_law = self.by_law.get(blocker.topic, {}).get(blocker.law, [])
        found = of_law if blocker.law else self.by_topic.get(blocker.topic, [])
        return "; ".join([*policy_clause(blocker), *found[: self.SHOWN]])

    def described(self, blocker):
        """A blocker with its norms, for templates."""
        norms = self.norms(blocker)
        return {"code": blocker.code, "message": blocker.message, "norm": norms, "field": blocker.field}
