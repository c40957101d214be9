from django.contrib import admin
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.models import CountryProtection, DayOverride, DeadlineRule, Law, Norm
from registry.models.fields import in_words
from registry.templatetags.registry_ui import pill

from .base import RegistryModelAdmin
from .folded_search import FoldedSearch

TONES = {"verified": "ok", "secondary": "warn", "unverified": "bad"}


def place_of(norm):
    return f"{norm.act} {norm.article}".strip()


def verification_of(norm):
    return pill(norm.get_verified_display(), TONES[norm.verified])


def validity_of(record):
    first, last = (day and date_format(day) for day in (record.valid_from, record.valid_until))
    if first and last:
        return f"{first} – {last}"
    return (first and _t("from %s") % first) or (last and _t("until %s") % last)


@admin.register(Law)
class LawAdmin(RegistryModelAdmin):
    list_display = ["code", "name", "calendar_country"]
    exclude = ()

    @admin.display(description=_("name"))
    def name(self, law):
        return law.name


@admin.register(Norm)
class NormAdmin(FoldedSearch, RegistryModelAdmin):
    list_display = ["law", "place", "text", "is_ground", "verification"]
    list_display_links = ["place"]
    list_filter = ["law", "verified", "is_ground"]
    list_select_related = ["law"]
    search_fields = ["code", "act", "article", "text_en", "text_ru", "text_kk"]
    exclude = ()

    @admin.display(description=_("article"), ordering="article")
    def place(self, norm):
        return place_of(norm)

    @admin.display(description=_("what it says"))
    def text(self, norm):
        return norm.text_in(get_language())

    @admin.display(description=_("topics"))
    def topics_in_words(self, norm):
        return in_words(norm._meta.get_field("topics"), norm.topics)

    @admin.display(description=_("verification"), ordering="verified")
    def verification(self, norm):
        return verification_of(norm)


@admin.register(DeadlineRule)
class DeadlineRuleAdmin(FoldedSearch, RegistryModelAdmin):
    list_display = ["law", "code", "trigger", "length", "cited", "validity"]
    list_display_links = ["code"]
    list_filter = ["law", "unit"]
    list_select_related = ["law", "norm__law"]
    search_fields = ["code", "norm__code", "note"]
    exclude = ()
    empty_text = _("The terms of the laws come with the files of the laws: manage.py load_laws.")

    @admin.display(description=_("term"), ordering="unit")
    def length(self, rule):
        return rule.term_in_words

    @admin.display(description=_("norm"), ordering="norm__code")
    def cited(self, rule):
        norm = rule.norm
        return format_html("<span>{} {}</span>", place_of(norm), verification_of(norm))

    @admin.display(description=_("in force"), ordering="valid_from")
    def validity(self, rule):
        return validity_of(rule)


@admin.register(DayOverride)
class DayOverrideAdmin(FoldedSearch, RegistryModelAdmin):
    list_display = ["day_on", "weekday", "country", "is_working", "source"]
    list_filter = ["country", "is_working"]
    search_fields = ["source"]
    exclude = ()
    empty_text = _(
        "Days that a decision made working or off later than the published calendar stand here. They come with the files of the laws: "
        "whoever runs the registry enters the decision there."
    )

    @admin.display(description=_("day of the week"))
    def weekday(self, moved):
        return date_format(moved.day_on, "l")


@admin.register(CountryProtection)
class CountryProtectionAdmin(FoldedSearch, RegistryModelAdmin):
    list_display = ["country", "law", "standing", "source", "verification", "validity"]
    list_filter = ["law", "protects", "verified"]
    list_select_related = ["law"]
    search_fields = ["country", "source"]
    exclude = ()
    empty_text = _(
        "No source is on file that says which countries ensure protection. The operator decides then, and names its document on the "
        "transfer. Standings come with the files of the laws: manage.py load_laws."
    )

    @admin.display(description=_("ensures protection"), ordering="protects")
    def standing(self, row):
        return pill(_("yes"), "ok") if row.protects else pill(_("no"), "bad")

    @admin.display(description=_("verification"), ordering="verified")
    def verification(self, row):
        return verification_of(row)

    @admin.display(description=_("in force"), ordering="valid_from")
    def validity(self, row):
        return validity_of(row)
