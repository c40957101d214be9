"""What active activities stand on cannot be taken from under them, on any route."""

from contextlib import contextmanager, nullcontext

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from .law import Norm

MOST_CITED = 3
NAMES = {"code", "name_en", "name_ru", "name_kk"}


class Refusal(ValidationError):
    """What a gate says, with its norms; it keeps the blocker, so that a screen can name them apart."""

    def __init__(self, blocker, operator=None):
        super().__init__(cited(blocker, operator), code=blocker.code)
        self.blocker = blocker


def refuse(blockers, *, operator=None):
    """Raises what the gate found, each sentence with its norms: of the law it names, else of the laws of the operator."""
    if blockers:
        raise ValidationError([Refusal(blocker, operator) for blocker in blockers])


def cited(blocker, operator=None):
    """The sentence, and in brackets where it stands; what is unverified says so."""
    norms = Norm.objects.in_force(timezone.localdate()).filter(law__code=blocker.law)
    if operator is not None and not blocker.law:
        norms = Norm.objects.in_force(timezone.localdate()).filter(law__in=operator.laws.values("law"))
    found = norms.about(blocker.topic).select_related("law")[:MOST_CITED] if blocker.topic else ()
    places = "; ".join([*policy_clause(blocker), *(norm.citation for norm in found)])
    return f"{blocker.message} [{places}]" if places else blocker.message


def policy_clause(blocker):
    """The clause of the operator's policy, where one asks for it: none or one."""
    return [_("policy, clause %s") % blocker.clause] if blocker.clause else []


class KeepsGate(models.Model):
    """A record that active activities stand on: no change of it may leave one of them with a blocker it did not have."""

    # False for records that a file changes as one: it keeps the gate around all of them.
    asks_gate = True

    class Meta:
        abstract = True

    def activities_at_stake(self):
        return apps.get_model("registry", "ProcessingActivity").objects.filter(operator=self.operator_id)

    def save(self, **kwargs):
        with nullcontext() if self.is_only_renamed() else self.gate_kept():
            super().save(**kwargs)

    def is_only_renamed(self):
        """The gate asks nothing of a name, though its sentences say it."""
        stored = self.stored()
        changed = self.changed_fields(stored) if stored else set()
        return bool(changed) and changed <= NAMES

    def delete(self, **kwargs):
        with self.gate_kept():
            return super().delete(**kwargs)

    @contextmanager
    def gate_kept(self):
        """Locks the active activities, lets the change happen and refuses what it broke: the transaction is undone then."""
        if not self.asks_gate:
            yield
            return
        if not self.operator_id:
            self.take_operator_from_parent()
        at_stake = self.activities_at_stake()
        locked = [activity.pk for activity in at_stake.active().select_for_update(of=("self",)).order_by("pk")]
        at_stake = at_stake.filter(pk__in=locked).with_links()
        before = {activity.pk: set(activity.blockers(stored=activity)) for activity in at_stake.all()}
        yield
        for activity in at_stake.all():
            if new := [each for each in activity.blockers(stored=activity) if each not in before[activity.pk]]:
                named = {"activity": activity, "what": " ".join(cited(blocker, activity.operator) for blocker in new)}
                raise ValidationError(
                    _("The active activity “%(activity)s” would no longer be in order: %(what)s") % named
                )
