"""The list of blocks. They are set and lifted on the page of the person."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from registry.models import Block
from registry.templatetags.registry_ui import pill

from .people import AboutAPerson


@admin.register(Block)
class BlockAdmin(AboutAPerson):
    list_display = ["scope_shown", "law", "cause", "set_at", "set_by", "standing"]
    list_filter = ["law", "cause", "set_at"]
    list_select_related = ["subject", "activity", "law", "set_by", "lifted_by", "operator"]
    empty_text = _("Nobody is blocked. A block is set on the page of a person.")

    @admin.display(description=_("what"))
    def scope_shown(self, block):
        return str(block.activity) if block.activity_id else _("everything")

    @admin.display(description=_("state"))
    def standing(self, block):
        return pill(_("lifted"), "quiet") if block.lifted_at else pill(_("stands"), "bad")
