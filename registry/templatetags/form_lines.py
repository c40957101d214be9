"""Lines of a form as its template shows them. Django makes every field of a line anew each time its template asks for one."""

from typing import NamedTuple

from django import template

register = template.Library()


class Shown(NamedTuple):
    """One field: its label, what it is entered in or reads, and what goes with it, ready to be placed."""

    label: str
    input: str
    errors: str
    classes: str
    is_checkbox: bool
    is_readonly: bool
    is_hidden: bool
    help_text: str
    help_id: str


class Line(NamedTuple):
    """Fields beside each other. errors: of the one field, where it stands alone."""

    fields: list
    errors: str
    classes: str

    @property
    def several(self):
        return len(self.fields) > 1


@register.simple_tag
def form_lines(fieldset: object) -> list[Line]:
    """The lines of one of the admin's fieldsets."""
    return [_line(line, list(line)) for line in fieldset]


def _line(line, fields):
    several = len(fields) > 1
    shown = [_shown(field, several) for field in fields]
    errors = "" if several else shown[0].errors
    classes = " errors" if errors else ""
    classes += "" if line.has_visible_field else " hidden"
    return Line(shown, errors, classes + "".join(_named(field) for field in fields))


def _shown(field, several):
    if field.is_readonly:
        of = field.field.get
        is_hidden, help_text, help_id = of("is_hidden"), of("help_text"), ""
        made, errors = field.contents(), ""
    else:
        bound = field.field
        is_hidden, help_text = bound.is_hidden, bound.help_text
        help_id = bound.id_for_label and f"{bound.id_for_label}_helptext"
        made, errors = str(bound), field.errors() if bound.errors else ""
    classes = ""
    if several:
        classes = " fieldBox" + _named(field) + (" errors" if errors else "") + (" hidden" if is_hidden else "")
    classes += " checkbox-row" if field.is_checkbox else ""
    return Shown(
        field.label_tag(), made, errors, classes, field.is_checkbox, field.is_readonly, is_hidden, help_text, help_id
    )


def _named(field):
    name = field.field["name"] if field.is_readonly else field.field.name
    return f" field-{name}" if name else ""
