from django.contrib import admin
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from registry.models import Law, Norm
from registry.models.fields import in_words
from registry.templatetags.registry_ui import pill

from .base import RegistryModelAdmin

TONES = {"verified": "ok", "secondary": "warn", "unverified": "bad"}


@admin.register(Law)
class LawAdmin(RegistryModelAdmin):
    list_display = ["code", "name", "calendar_country"]
    exclude = ()

    @admin.display(description=_("name"))
    def name(self, law):
        return law.name


@admin.register(Norm)
class NormAdmin(RegistryModelAdmin):
    list_display = ["law", "place", "text", "is_ground", "verification"]
    list_display_links = ["place"]
    list_filter = ["law", "verified", "is_ground"]
    list_select_related = ["law"]
    search_fields = ["code", "act", "article", "text_en", "text_ru", "text_kk"]
    exclude = ()

    @admin.display(description=_("article"), ordering="article")
    def place(self, norm):
        return f"{norm.act} {norm.article}".strip()

    @admin.display(description=_("what it says"))
    def text(self, norm):
        return norm.text_in(get_language())

    @admin.display(description=_("topics"))
    def topics_in_words(self, norm):
        return in_words(norm._meta.get_field("topics"), norm.topics)

    @admin.display(description=_("verification"), ordering="verified")
    def verification(self, norm):
        return pill(norm.get_verified_display(), TONES[norm.verified])
