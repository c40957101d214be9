"""Words the screens share: actions of the journal, names of its actors, norms behind a blocker."""

from django.apps import apps
from django.contrib.auth import get_user_model
from django.utils import timezone

from registry.journal.actions import Action
from registry.models import Norm


def action_label(action):
    return Action(action).label


def actor_names(entries):
    """Names of the staff who acted, by id."""
    ids = {entry.actor for entry in entries if entry.actor}
    return {user.pk: user.get_full_name() for user in get_user_model().objects.filter(pk__in=ids)}


def object_label(object_type):
    """The name of a model as people know it."""
    try:
        return apps.get_model("registry", object_type)._meta.verbose_name if object_type else ""
    except LookupError:
        return object_type


def norms_of(topic, operator):
    """Citations of the operator's laws on a topic, in force today; what is unverified says so."""
    if not topic:
        return ""
    norms = Norm.objects.about(topic).in_force(timezone.localdate())
    norms = norms.filter(law__in=operator.laws.values("law")).select_related("law")
    return "; ".join(norm.citation for norm in norms[:3])
