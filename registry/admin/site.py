"""The admin site: sidebar by job, operator switch, people search, journalled views."""

from http import HTTPStatus

from django.contrib.admin import AdminSite
from django.contrib.auth import logout as log_user_out
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from registry import journal, scope

from .acts import actor, journalled, or_unavailable, own_units
from .desk import desk
from .labels import role_label
from .login import LoginForm
from .nav import navigation
from .own_password import OwnPassword
from .people_search import people_search


class RegistrySite(AdminSite):
    site_title = site_header = _("Personal data registry")
    index_title = _("Desk")
    enable_nav_sidebar = True
    login_form = LoginForm
    empty_value_display = "—"

    def __init__(self, name="admin"):
        super().__init__(name)
        self.disable_action("delete_selected")

    def register(self, model_or_iterable, admin_class=None, **options):
        """Records of the registry only: rights come from memberships, and what libraries bring along has no operator."""
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        super().register([model for model in models if model._meta.app_label == "registry"], admin_class, **options)

    def get_urls(self):
        own = [
            path("switch-operator/", self.admin_view(require_POST(self.switch_operator)), name="switch_operator"),
            path("find-a-person/", self.admin_view(self.people_search), name="people_search"),
        ]
        return own + super().get_urls()

    def admin_view(self, view, cacheable=False):
        return super().admin_view(journalled(view, self), cacheable)

    def each_context(self, request):
        context = super().each_context(request)
        user = request.user
        if not self.has_permission(request):
            return context
        if user.must_change_password:
            return context | {"registry_nav": [], "must_change_password": True}
        memberships = getattr(user, "_memberships", [])
        return context | {
            "registry_nav": navigation(request, self),
            "operators": [membership.operator for membership in memberships],
            "operator": request.operator,
            "role_label": role_label(scope.role_of(user)),
            "may_search_people": scope.sees_personal(user),
        }

    def index(self, request, extra_context=None):
        return super().index(request, (extra_context or {}) | {"desk": desk(request)})

    def get_app_list(self, request, app_label=None):
        """Django's list of applications; navigation() stands in its place."""
        return []

    def app_index(self, request, app_label, extra_context=None):
        return redirect(f"{self.name}:index")

    @own_units
    def people_search(self, request):
        if not scope.sees_personal(request.user):
            raise PermissionDenied
        return people_search(request, self)

    def switch_operator(self, request):
        """Works under another of one's own memberships from now on."""
        chosen = request.POST.get("operator", "")
        operators = {str(each.operator_id): each for each in getattr(request.user, "_memberships", [])}
        if chosen not in operators:
            raise Http404
        request.session[scope.SESSION_KEY] = operators[chosen].operator_id
        journal.record("operator.switch")  # told to the operator that is left, in the role held there
        target = request.POST.get("next", "")
        if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
            target = reverse(f"{self.name}:index")
        return HttpResponseRedirect(target if "keep" in request.POST else landing(target))

    @method_decorator(never_cache)
    def login(self, request, extra_context=None):
        """Django's login, with an entry for each attempt. The typed name is never kept: people type passwords there."""
        if request.method != "POST":
            return super().login(request, extra_context)
        return or_unavailable(self.attempt, request, extra_context)

    def attempt(self, request, extra_context):
        response = super().login(request, extra_context)
        if response.status_code != HTTPStatus.FOUND:
            with journal.unit_of_work(by=None):
                journal.record("login.failed")
            return response
        scope.enter(request)
        with journal.unit_of_work(**actor(request)):
            journal.record("login", object_type="user", uid=request.user.uid)
        return response

    @method_decorator(require_POST)  # an address somebody else wrote into a page logs nobody out
    def logout(self, request, extra_context=None):
        journal.record("logout", object_type="user", uid=request.user.uid)
        log_user_out(request)
        return super().logout(request, extra_context)

    @own_units  # hashing a password takes a while; no transaction waits for it
    def password_change(self, request, extra_context=None):
        request.current_app = self.name
        context = self.each_context(request) | (extra_context or {})
        done = reverse(f"{self.name}:password_change_done")
        return OwnPassword.as_view(success_url=done, extra_context=context)(request)


def landing(target):
    """After a switch a page of one record would be another operator's: its list is where to go."""
    parts = target.split("/")
    if len(parts) > 5 and parts[2] == "registry":
        return "/".join([*parts[:4], ""])
    return target
