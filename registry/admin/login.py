"""The login form: its sentences are for people who have no idea of roles."""

from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class LoginForm(AuthenticationForm):
    error_messages = {
        "invalid_login": _("User name or password is wrong. Capital and small letters differ in both."),
        "inactive": _("This account is closed. Ask an administrator."),
        "no_membership": _("You are a member of no operator yet. Ask an administrator for a membership."),
    }

    def confirm_login_allowed(self, user):
        super().confirm_login_allowed(user)
        if not user.is_staff:
            raise ValidationError(self.error_messages["no_membership"], code="no_membership")
