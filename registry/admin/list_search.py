"""Lists that are searched by numbers and codes: their form is a GET, and a name typed into it does not stay in the address."""

import re

from django.contrib import messages
from django.contrib.admin.views.main import SEARCH_VAR
from django.http import HttpResponseRedirect
from django.utils.translation import gettext as _

from registry import scope


class SearchedWithoutNames:
    """What does not fit the pattern is not looked for: the list comes back without it, and says where people are found.

    Declare the pattern, which browsers understand as well and stop a name by before it is sent, and what the list says then.
    """

    search_pattern = search_refusal = None

    def changelist_view(self, request, extra_context=None):
        if re.fullmatch(self.search_pattern, request.GET.get(SEARCH_VAR, "")):
            return super().changelist_view(request, extra_context)
        kept = request.GET.copy()
        del kept[SEARCH_VAR]
        people = _("People are found by the search on top of the page.") if scope.sees_personal(request.user) else ""
        messages.warning(request, f"{self.search_refusal} {people}".strip())
        return HttpResponseRedirect(f"{request.path}?{kept.urlencode()}" if kept else request.path)
