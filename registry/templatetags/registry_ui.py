"""Small pieces of screen that more than one page draws: pills, numbers, bars."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

register = template.Library()

NO_BREAK_SPACE = "\u00a0"
TONES = frozenset({"ok", "warn", "bad", "quiet"})
STATE_TONES = {
    "active": "ok",
    "applied": "ok",
    "applying": "warn",
    "planned": "warn",
    "stopped": "warn",
    "suspended": "warn",
    "blocked": "bad",
    "refused": "bad",
    "rejected": "bad",
}
IMPORT_PARTS = ("new", "changed", "same", "stopped", "rejected")
BAR_UNITS = 1000
CHART_HEIGHT, CHART_STEP, CHART_COLUMN, CHART_LABELS = 110, 30, 18, 22


@register.filter
def pill(text: object, tone: str = "quiet") -> SafeString:
    """A state as a word in a coloured pill; the colour never stands alone."""
    return format_html('<span class="pill {}">{}</span>', tone if tone in TONES else "quiet", text)


def state_pill(state: object, label: object = None) -> SafeString:
    """The pill of a stored state, for `list_display` and read-only fields."""
    return pill(state if label is None else label, state_tone(state))


@register.filter
def state_tone(state: object) -> str:
    return state if state in TONES else STATE_TONES.get(str(state), "quiet")


@register.filter
def grouped(number: object) -> str:
    """48210 → 48 210, alike in the three languages."""
    if not isinstance(number, int) or isinstance(number, bool):
        return str(number)
    return f"{number:,}".replace(",", NO_BREAK_SPACE)


@register.filter
def initials(user: object) -> str:
    full_name = user.get_full_name() if hasattr(user, "get_full_name") else ""
    words = (full_name or str(user)).replace(".", " ").split()
    return "".join(word[0] for word in words[:2]).upper() or "?"


@register.filter
def plain_label(label_tag: str) -> SafeString:
    """Django's label without its colon: the label stands in a column of its own."""
    return mark_safe(str(label_tag).replace(":</label>", "</label>"))


@register.simple_tag
def page_numbers(page_obj: object) -> list:
    return list(page_obj.paginator.get_elided_page_range(page_obj.number))


def _counts(run: object) -> dict[str, int]:
    read = run.get if isinstance(run, dict) else lambda name, default: getattr(run, name, default)
    return {part: int(read(part, 0) or 0) for part in IMPORT_PARTS}


@register.simple_tag
def import_bar(run: object) -> SafeString:
    """One line in parts: new, changed, same, stopped, rejected (a dict, or anything with these attributes)."""
    counts = _counts(run)
    whole = sum(counts.values())
    if not whole:
        return format_html(
            '<svg class="bar" viewBox="0 0 {} 8" role="img" aria-label="{}"></svg>', BAR_UNITS, _("no rows")
        )
    edges, parts = 0, []
    for part, count in counts.items():
        # a part of few rows stays visible: one rejected line in a million is still one rejected line
        width = max(round(BAR_UNITS * count / whole), 6) if count else 0
        parts.append((part, min(edges, BAR_UNITS - width), width))
        edges += width
    label = _("%(new)s new, %(changed)s changed, %(same)s same, %(stopped)s stopped, %(rejected)s rejected") % {
        part: grouped(count) for part, count in counts.items()
    }
    return format_html(
        '<svg class="bar" viewBox="0 0 {} 8" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        BAR_UNITS,
        label,
        format_html_join("", '<rect class="{}" x="{}" y="0" width="{}" height="8"/>', (p for p in parts if p[2])),
    )


def _column(at: int, point: dict, highest: int) -> SafeString:
    value, late = point["value"], point.get("late") or 0
    height = round(CHART_HEIGHT * value / highest)
    late_height = round(CHART_HEIGHT * late / highest)
    x = at * CHART_STEP + (CHART_STEP - CHART_COLUMN) // 2
    return format_html(
        '<g><title>{}: {}</title><rect class="value" x="{}" y="{}" width="{}" height="{}" rx="3"/>'
        '<rect class="late" x="{}" y="{}" width="{}" height="{}" rx="3"/>'
        '<text x="{}" y="{}" text-anchor="middle">{}</text></g>',
        *(point["label"], grouped(value), x, CHART_HEIGHT - height, CHART_COLUMN, height),
        *(x, CHART_HEIGHT - height, CHART_COLUMN, late_height),
        *(x + CHART_COLUMN // 2, CHART_HEIGHT + 16, point["label"]),
    )


@register.simple_tag
def column_chart(points: list[dict]) -> SafeString:
    """Columns of `value`, their late share on top; the same numbers are in the text alternative."""
    highest = max((point["value"] for point in points), default=0) or 1
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        max(len(points), 1) * CHART_STEP,
        CHART_HEIGHT + CHART_LABELS,
        "; ".join(f"{point['label']}: {grouped(point['value'])}" for point in points),
        format_html_join("", "{}", ((_column(at, point, highest),) for at, point in enumerate(points))),
    )
