"""One's own password: the new one and the entry about it stand together, or neither does."""

from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpResponseRedirect

from registry import journal

from .acts import actor


class OwnPassword(PasswordChangeView):
    form_class = AdminPasswordChangeForm

    def form_valid(self, form):
        """Hashing takes a while: it is done before the transaction. Other sessions of the user end with the old password."""
        user = form.save(commit=False)
        user.must_change_password = False
        with journal.unit_of_work(**actor(self.request)):
            user.save(update_fields=["password", "must_change_password"])
            journal.record("password.change", object_type="user", uid=user.uid, fields=["password"])
            update_session_auth_hash(self.request, user)
        return HttpResponseRedirect(self.get_success_url())
