"""Who may do what, for which operator: the current membership decides everything, here and nowhere else."""

from django.contrib.auth.backends import ModelBackend
from django.db.models import Q
from django.views.debug import SafeExceptionReporterFilter
from django.views.defaults import bad_request

from registry.choices import Role
from registry.models import ExportRun, ResponsiblePerson

SESSION_KEY = "operator"
ADMINISTRATOR = "administrator"

LIBRARY = {"law", "norm", "deadlinerule", "dayoverride", "countryprotection"}
PEOPLE = {
    "datasubject", "subjectincategory", "consent", "agreement", "suppression", "representative",
    "subjectpurpose", "block", "disclosure", "disclosurecategory", "obligation", "distributioncondition",
}  # fmt: skip
CASES = {
    "subjectrequest", "authorityrequest", "casedeadline", "casestep", "caseletter", "caseattachment", "message",
}  # fmt: skip
PAPERS = {"grounddecision", "undertaking"}  # signed by the operator or its staff
FEEDS = {"calendarfeed"}  # one's own
SOURCES = {"importsource"}
RUNS = {"importrun", "exportrun", "handoverrun", "tellingrun"}
VOCABULARY = {
    "purpose", "legalbasis", "datacategory", "subjectcategory", "database", "retentionrule", "securitymeasure", "tracker",
    "recipient", "crossbordertransfer", "transfercategory", "operatorlaw", "operatorterm", "responsibleperson",
    "requestmark", "incompatiblepurposes", "activitypurpose", "activitydatacategory", "activitysubjectcategory",
    "activityrecipient", "activitydatabase", "activityretention", "activitymeasure", "activityclause",
}  # fmt: skip
LASTING = {"operator", "policy", "clause", "processingactivity"}
REGISTER = VOCABULARY | LASTING
VIEW, EDIT = {"view"}, {"view", "add", "change"}


def _grants(*pairs):
    """Permissions as `action_model`, from (models, actions) pairs."""
    return frozenset(f"{action}_{model}" for models, actions in pairs for model in models for action in actions)


# The whole of authorisation. People are never deleted here: they leave by destruction.
GRANTS = {
    Role.DPO: _grants(
        (LIBRARY, VIEW),
        (VOCABULARY, EDIT | {"delete"}),
        (LASTING - {"operator"}, EDIT),
        ({"operator"}, {"view", "change"}),
        (PEOPLE, EDIT),
        ({"subjectincategory"}, {"delete"}),
        (CASES | FEEDS | PAPERS, EDIT),
        ({"caseletter"}, {"sign"}),
        (SOURCES, EDIT),
        ({"datasubject"}, {"view_personal", "import", "export"}),
        ({"importrun", "handoverrun", "tellingrun"}, VIEW),
        ({"exportrun"}, {"view", "add"}),
        ({"journalentry"}, {"view", "export"}),
    ),
    Role.REGISTRAR: _grants(
        (LIBRARY | REGISTER | PAPERS, VIEW),
        (PEOPLE, EDIT),
        ({"subjectincategory"}, {"delete"}),
        (CASES | FEEDS, EDIT),
        (SOURCES, EDIT),
        ({"datasubject"}, {"view_personal", "import"}),
        ({"importrun", "handoverrun", "tellingrun"}, VIEW),
    ),
    Role.AUDITOR: _grants(
        (LIBRARY | REGISTER | PAPERS | PEOPLE | CASES | SOURCES, VIEW),
        ({"importrun", "handoverrun", "tellingrun"}, VIEW),
        ({"exportrun"}, {"view", "add"}),
        ({"journalentry"}, {"view", "export"}),
    ),
    ADMINISTRATOR: _grants(
        (LIBRARY, VIEW),
        ({"operator"}, VIEW),
        ({"user"}, EDIT),
        ({"membership"}, EDIT | {"delete"}),
        ({"exportrun"}, {"add"}),
        ({"journalentry"}, {"view", "export"}),
    ),
}


def role_of(user):
    """The role the user acts in: that of the current membership, or administrator, or none."""
    if not user.is_authenticated or not user.is_active:
        return ""
    if user.is_administrator:
        return ADMINISTRATOR
    membership = current_membership(user)
    return membership.role if membership else ""


def current_membership(user):
    """The membership the user works under; outside a request the only one, if there is only one."""
    if not hasattr(user, "_membership"):
        memberships = list(user.memberships.select_related("operator")[:2])
        user._membership = memberships[0] if len(memberships) == 1 else None
    return user._membership


def current_operator(user):
    membership = current_membership(user) if user.is_authenticated and not user.is_administrator else None
    return membership.operator if membership else None


def granted(role, permission):
    """`permission` as action_model; `view_personal_datasubject` is an action on people, too."""
    return permission in GRANTS.get(role, ())


def in_scope(queryset, user):
    """The rows of a queryset that the user may meet at all: those of the current operator, and the shared library."""
    return queryset.filter(scope_filter(queryset.model, user))


def scope_filter(model, user):
    name = model._meta.model_name
    operator = current_operator(user)
    nothing = Q(pk__in=[])
    if name in LIBRARY:
        return Q() if role_of(user) else nothing
    if name == "journalentry":
        if role_of(user) == ADMINISTRATOR:  # what belongs to no operator, and whatever was done to rights and accounts
            return Q(operator="") | Q(object_type="membership") | Q(object_type="user")  # as journal_list_accounts says
        return Q(operator=operator.code) if operator else nothing
    if role_of(user) == ADMINISTRATOR:
        return Q() if name in ("user", "membership", "operator") else nothing
    if operator is None:
        return nothing
    if name == "operator":
        return Q(pk=operator.pk)
    if name in FEEDS:
        return Q(operator=operator, user=user)
    if name == "exportrun":  # an audit trail over all operators gave away what is the operator's, too
        return ExportRun.gave_away(operator)
    if name == "user":  # pickers of responsible persons: colleagues only
        return Q(memberships__operator=operator)
    return Q(operator=operator)


def sees_personal(user):
    return user.has_perm("registry.view_personal_datasubject")


class RoleBackend(ModelBackend):
    """Answers from the role of the current membership. There are no groups, no permission rows and no superusers."""

    def has_perm(self, user_obj, perm, obj=None):
        app, _, permission = perm.partition(".")
        if app != "registry" or not granted(role_of(user_obj), permission):
            return False
        if obj is None or not hasattr(obj, "operator_id") or role_of(user_obj) == ADMINISTRATOR:
            return True
        operator = current_operator(user_obj)
        return operator is not None and obj.operator_id == operator.pk

    def get_all_permissions(self, user_obj, obj=None):
        return {f"registry.{permission}" for permission in GRANTS.get(role_of(user_obj), ())}

    def user_can_authenticate(self, user):
        """Asked once the password was right: also of a closed account, so that the login form can say that it is closed."""
        return True

    def get_user(self, user_id):
        """No session opens a closed account."""
        user = super().get_user(user_id)
        return user if user is not None and user.is_active else None


def choose(user, session):
    """The membership chosen in this session; at first that of the operator the user is the responsible person of."""
    memberships = {each.operator_id: each for each in user._memberships}
    if memberships and session.get(SESSION_KEY) not in memberships:
        responsible_for = ResponsiblePerson.objects.filter(user=user, operator__in=memberships).order_by("is_deputy")
        first = responsible_for.values_list("operator", flat=True).first() or next(iter(memberships), None)
        session[SESSION_KEY] = first
    return memberships.get(session.get(SESSION_KEY))


def enter(request):
    """Gives the request its membership and operator, out of the session and the user's own memberships."""
    user = request.user
    if user.is_authenticated and not user.is_administrator:
        user._memberships = list(user.memberships.select_related("operator").order_by("operator__code"))
        user._membership = choose(user, request.session)
    request.operator = current_operator(user)


class ScopeMiddleware:
    """Every request is made in the role of one membership. A query with NUL in it means no record and breaks PostgreSQL."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if "%00" in request.META.get("QUERY_STRING", "") or "\0" in request.path:
            return bad_request(request, None)
        enter(request)
        return self.get_response(request)


class NoValuesReporterFilter(SafeExceptionReporterFilter):
    """Error reports without local variables and without what was posted."""

    def is_active(self, request):
        return True

    def get_post_parameters(self, request):
        return {}

    def get_traceback_frame_variables(self, request, tb_frame):
        return []


def role_for(user, operator):
    """The role the user has with that operator, as a command's `--by` means it; empty for the system and strangers."""
    if user is None:
        return "system"
    if user.is_administrator:
        return ADMINISTRATOR
    membership = user.memberships.filter(operator=operator).first()
    return membership.role if membership else ""
