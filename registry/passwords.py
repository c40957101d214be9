"""Passwords: one-time ones are made here, and never kept as the new one."""

import secrets

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

ONE_TIME_PASSWORD_BYTES = 15


def one_time_password():
    return secrets.token_urlsafe(ONE_TIME_PASSWORD_BYTES)


class NotThePresentPassword:
    """Validator: a changed password is another one. Otherwise a one-time password could be kept."""

    def validate(self, password, user=None):
        if user is not None and user.pk and user.check_password(password):
            raise ValidationError(_("This is the present password. Choose another one."), code="password_unchanged")

    def get_help_text(self):
        return _("Your password can’t be the present one.")
