"""The sidebar: models grouped by job, not by app; only what the role may see."""

from functools import cache

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry import scope
from registry.models import (
    AuthorityRequest,
    CrossBorderTransfer,
    Obligation,
    ProcessingActivity,
    SubjectRequest,
)
from registry.templatetags.registry_ui import grouped

from .queries import how_many

COUNTED = 1000  # as far as is counted, for each page of everybody and on the desk, where there may be as many as people
GROUPS = (
    (
        _("Register"),
        (
            ("processingactivity", None),
            ("purpose", None),
            ("legalbasis", None),
            ("datacategory", None),
            ("subjectcategory", None),
            ("recipient", None),
            ("crossbordertransfer", None),
            ("database", None),
            ("retentionrule", None),
            ("securitymeasure", None),
            ("tracker", None),
            ("undertaking", None),
            ("grounddecision", None),
        ),
    ),
    (
        _("People"),
        (
            ("datasubject", None),
            ("consent", None),
            ("agreement", None),
            ("suppression", None),
            ("block", None),
            ("disclosure", None),
            ("handoverrun", None),
        ),
    ),
    (
        _("Cases"),
        (
            ("subjectrequest", _("Requests")),
            ("authorityrequest", _("Authority requests")),
            ("obligation", _("To be told")),
            ("message", None),
            ("calendarfeed", None),
        ),
    ),
    (_("In and out"), (("importrun", None), ("importsource", None), ("exportrun", None))),
    (_("Audit"), (("journalentry", _("Journal")),)),
    (
        _("Reference"),
        (
            ("operator", None),
            ("policy", None),
            ("clause", None),
            ("requestmark", None),
            ("responsibleperson", None),
            ("law", None),
            ("norm", None),
            ("deadlinerule", None),
            ("dayoverride", None),
            ("countryprotection", None),
        ),
    ),
    (_("Administration"), (("user", None), ("membership", None))),
)


@cache
def list_address(site, name):
    return reverse(f"{site}:registry_{name}_changelist")


def navigation(request, site):
    """Groups of links for the sidebar, with a count where something waits."""
    desk = reverse(f"{site.name}:index")
    runs = reverse(f"{site.name}:registry_importrun_changelist")
    # The file of the CRM is chosen under the people it brings, and belongs to the imports.
    path = runs if request.path == reverse(f"{site.name}:registry_datasubject_import") else request.path
    groups = [{"label": "", "items": [{"label": _("Desk"), "url": desk, "count": "", "current": request.path == desk}]}]
    registered = {model._meta.model_name: model for model in site._registry}
    waiting = counts(request)
    for label, names in GROUPS:
        items = []
        for name, title in names:
            model = registered.get(name)
            if model is None or not request.user.has_perm(f"registry.view_{name}"):
                continue
            url = list_address(site.name, name)
            text = title or model._meta.verbose_name_plural
            items.append(
                {
                    "label": str(text)[:1].upper() + str(text)[1:],
                    "url": url,
                    "count": badge(waiting.get(name)),
                    "current": path.startswith(url),
                }
            )
        if items:
            groups.append({"label": label, "items": items})
    return groups


def counts(request):
    """Drafts wait to be completed, suspended transfers to be decided on, cases that are due or not sorted to be answered,
    who is to be told."""
    user, now = request.user, timezone.now()
    waiting = {
        "processingactivity": ProcessingActivity.objects.drafts(),
        "crossbordertransfer": CrossBorderTransfer.objects.suspended(timezone.localdate(now)),
        "subjectrequest": SubjectRequest.objects.waiting(now),
        "authorityrequest": AuthorityRequest.objects.waiting(now),
        "obligation": Obligation.objects.open(),
    }
    mine = {
        name: scope.in_scope(records, user)
        for name, records in waiting.items()
        if user.has_perm(f"registry.view_{name}")
    }
    if "obligation" in mine:  # as many as there are people
        mine["obligation"] = Obligation.objects.filter(pk__in=few(mine["obligation"]))
    return how_many(mine)


def few(records):
    """The keys of as many of them as are counted, and of one more."""
    return records.order_by().values("pk")[: COUNTED + 1]


def counted(records):
    """How many they are; where they are more than COUNTED, no more than one more."""
    return few(records).count()


def badge(number):
    """A count as it stands beside a link, or on the desk; nothing where nothing waits."""
    if not number:
        return ""
    return grouped(number) if number <= COUNTED else f"{grouped(COUNTED)}+"
