"""Staff: who they are, and in which role they work for which operator."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.choices import Role
from registry.journal import History

from .base import OperatorOwned, field_classes, uuid7


class UserManager(BaseUserManager):
    def create_user(self, username, password=None, **fields):
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A member of staff. What they may do comes from the membership they work under, never from the account itself.

    An administrator manages users and memberships and sees no personal data; nobody is a superuser.
    """

    # By this the journal names whose account was added, changed or given a new password.
    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    username = models.CharField(
        _("user name"),
        max_length=150,
        unique=True,
        error_messages={"unique": _("There is a user of this name already. Choose another one.")},
    )
    full_name = models.CharField(_("full name"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Untick instead of deleting: history names people.")
    )
    is_administrator = models.BooleanField(_("administrator"), default=False)
    must_change_password = models.BooleanField(_("must change password at next login"), default=False)
    date_joined = models.DateTimeField(_("added"), default=timezone.now, editable=False)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = []
    EMAIL_FIELD = "email"
    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["username"]
        default_permissions = ("view", "add", "change")

    def __str__(self):
        return self.username

    @property
    def is_staff(self):
        return self.is_active and (self.is_administrator or self._is_member)

    @property
    def _is_member(self):
        """Of any operator; a request has read it already (scope.enter)."""
        known = getattr(self, "_memberships", None)
        return self.memberships.exists() if known is None else bool(known)

    # No superuser exists; Django's admin asks all the same.
    is_superuser = False

    def has_perm(self, perm, obj=None):
        from django.contrib.auth.models import _user_has_perm

        return self.is_active and _user_has_perm(self, perm, obj)

    def has_perms(self, perms, obj=None):
        return all(self.has_perm(perm, obj) for perm in perms)

    def has_module_perms(self, app_label):
        return self.is_active

    def get_full_name(self):
        return self.full_name or self.username


class Membership(OperatorOwned):
    """A user's role with one operator."""

    user = models.ForeignKey(User, models.PROTECT, verbose_name=_("user"), related_name="memberships")
    role = models.CharField(_("role"), max_length=12, choices=Role)

    history = History()
    FIELD_CLASSES = field_classes(none="user role")

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["user__username", "operator__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "operator"],
                name="membership_one_role_per_operator",
                violation_error_message=_("This user already has a role with this operator. Change that one."),
            )
        ]

    def __str__(self):
        return f"{self.user} · {self.operator_id and self.operator.code} · {self.get_role_display()}"

    def clean(self):
        super().clean()
        if self.user_id and self.user.is_administrator:
            raise ValidationError(
                {
                    "user": _(
                        "An administrator sees no personal data and cannot be a member of an operator. Choose another user."
                    )
                }
            )
