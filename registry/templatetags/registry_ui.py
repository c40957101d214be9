"""Small pieces of screen that more than one page draws: pills, numbers, bars."""

import json
import re
from itertools import chain, repeat

from django import template
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _

register = template.Library()

NO_BREAK_SPACE = "\u00a0"
TONES = frozenset({"ok", "warn", "bad", "quiet"})
STATE_TONES = {
    "active": "ok",
    "applied": "ok",
    "applying": "warn",
    "asking": "warn",
    "planning": "warn",
    "undoing": "warn",
    "planned": "warn",
    "stopped": "warn",
    "suspended": "warn",
    "blocked": "bad",
    "refused": "bad",
    "rejected": "bad",
}
IMPORT_PARTS = ("new", "changed", "same", "stopped", "rejected")
TRUTH_ICON = re.compile(r'<img src="[^"]*/icon-(yes|no|unknown)[^"/]*\.svg" alt="(?:True|False|None)">')
CELL_START = re.compile(r"^<(?:td|th)(?=[ >])")
CELL_EMPTY = re.compile(r"^<t[dh][^>]*>(?:—|-|&nbsp;|\s)*</t[dh]>$")
BAR_UNITS = 1000


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


@register.filter
def in_words(content: object) -> SafeString:
    """Django shows a yes or no as a picture only; here it is a word."""
    return mark_safe(TRUTH_ICON.sub(_truth, conditional_escape(content)))


def _truth(icon: re.Match) -> str:
    return conditional_escape({"yes": _("Yes"), "no": _("No"), "unknown": _("Unknown")}[icon[1]])


@register.simple_tag
def column_labels(headers: list[dict]) -> list[str]:
    """What each cell of a list carries of its column: made once, for a list has hundreds of cells."""
    texts = ["" if "action-checkbox" in (header.get("class_attrib") or "") else header["text"] for header in headers]
    return [format_html(' data-label="{}"', capfirst(text)) if text else "" for text in texts]


@register.simple_tag
def labelled_cells(cells: list, labels: list[str]) -> SafeString:
    """A row of a list; each cell carries the name of its column, for where the row is drawn as a card."""
    labelled = [_labelled(cell, label) for cell, label in zip(cells, chain(labels, repeat("")), strict=False)]
    return in_words(mark_safe("".join(labelled)))


def _labelled(cell: str, label: str) -> str:
    start = CELL_START.match(cell)
    if start is None or not label:
        return cell
    blank = " data-blank" if CELL_EMPTY.match(cell) else ""
    return f"{start[0]}{label}{blank}{cell[start.end() :]}"


@register.simple_tag
def inline_data(inline_admin_formset: object) -> str:
    """What Django's script needs for the rows of an inline, with the name of a row as it stands in a sentence."""
    data = json.loads(inline_admin_formset.inline_formset_data())
    name = inline_admin_formset.opts.verbose_name
    data["options"]["addText"] = _("Add another %(verbose_name)s") % {"verbose_name": name}
    return json.dumps(data)


@register.simple_tag
def row_counts(formset: object) -> SafeString:
    """The hidden fields in which a formset says how many rows it has. On a page that is opened they are written as text: drawn as
    forms of four widgets each they were a twentieth of a person's page.
    """
    counts = formset.management_form
    if counts.is_bound:
        return str(counts)
    named = ((counts.add_prefix(name), number) for name, number in counts.initial.items())
    return format_html_join("", '<input type="hidden" name="{0}" value="{1}" id="id_{0}">', named)


@register.simple_tag
def empty_row(inline_admin_formset: object) -> list[str]:
    """What the empty row is kept under. A tag, for an error in a template's variable may pass for an empty text."""
    return inline_admin_formset.formset.empty_row


def _form_errors(form: object, where: str = "", row: str = "") -> list[dict]:
    found = []
    for name in sorted(form.errors, key=[NON_FIELD_ERRORS, *form.fields].index):
        field = form[name] if name in form.fields else None
        label = " · ".join(filter(None, (where, str(capfirst(field.label)) if field else "")))
        target = (field.id_for_label or field.auto_id) if field else row
        found += [{"label": label, "target": target, "message": message} for message in form.errors[name]]
    return found


@register.simple_tag
def error_links(form: object, inline_admin_formsets: list = ()) -> list[dict]:
    """Every error of a form and its rows: what it is about, the id of where it is corrected, the sentence."""
    found = _form_errors(form)
    for inline in inline_admin_formsets or ():
        formset, name = inline.formset, capfirst(inline.opts.verbose_name_plural)
        group = f"{formset.prefix}-group"
        found += [{"label": name, "target": group, "message": each} for each in formset.non_form_errors()]
        for number, row in enumerate(formset.forms):
            where = _("%(rows)s, row %(number)s") % {"rows": name, "number": number + 1}
            found += _form_errors(row, where, f"{formset.prefix}-{number}")
    return found


@register.simple_tag
def page_numbers(page_obj: object) -> list:
    return list(page_obj.paginator.get_elided_page_range(page_obj.number))


def _counts(run: object) -> tuple[dict[str, int], int]:
    """The rows of each part, and all rows: of an import given up half-way more than its parts together."""
    read = run.get if isinstance(run, dict) else lambda name, default: getattr(run, name, default)
    counts = {part: int(read(part, 0) or 0) for part in IMPORT_PARTS}
    return counts, max(sum(counts.values()), int(read("rows", 0) or 0) if any(counts.values()) else 0)


@register.simple_tag
def import_bar(run: object) -> SafeString:
    """One line in parts: new, changed, same, stopped, rejected (a dict, or anything with these attributes)."""
    counts, whole = _counts(run)
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
