"""For which operator a command acts, who by its --by, and whether their role may: a command refuses whom the browser refuses."""

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from registry import scope
from registry.choices import Role
from registry.journal import record, unit_of_work
from registry.models import Operator, User


def operator_of(code):
    operator = Operator.objects.filter(code=code).first()
    if operator is None:
        known = ", ".join(Operator.objects.values_list("code", flat=True)) or _("none")
        raise CommandError(_("There is no operator “%(code)s”. Known are: %(known)s.") % {"code": code, "known": known})
    return operator


def those_who_may(*permissions):
    """The roles that have all of these permissions, given as action_model."""
    return [role for role in scope.GRANTS if all(scope.granted(role, each) for each in permissions)]


def acting(username, roles, operator=None, *, object_type=""):
    """The user of `--by` and the role they act in; (None, "system") for none.

    Allowed is whoever has one of the `roles` with the operator; for None, that is for everything, with each of them.
    Raises CommandError; that somebody was refused is an entry of the journal.
    """
    if not username:
        return None, "system"
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(_("There is no active user “%s”.") % username)
    held = {scope.role_for(user, each) for each in ([operator] if operator else Operator.objects.all() or [None])}
    if not held <= set(roles):
        with unit_of_work(by=user, role=held.pop() if len(held) == 1 else "", operator=operator):
            record("refused", object_type=object_type, reason_code="403")
        raise CommandError(_refusal(username, roles, operator))
    return user, next(role for role in reversed(roles) if role in held)


def _refusal(username, roles, operator):
    labels = dict(Role.choices) | {scope.ADMINISTRATOR: _("Administrator")}
    said = {"user": username, "roles": ", ".join(str(labels[role]) for role in roles)}
    if operator is None:
        return _("“%(user)s” may not do this for every operator. Name in --by who may: %(roles)s.") % said
    said["operator"] = operator.code
    return _("“%(user)s” may not do this for %(operator)s. Name in --by who may: %(roles)s.") % said
