"""What a browser posts back."""


def form_fields(context, **changes):
    """The fields of a change form as it stands, with changes; a reason is given."""
    fields = {"_seen": context["seen"], "_reason": "test"}
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    for form in forms:
        for name in form.fields:
            value = form[name].value()
            if value is not None and value is not False:
                fields[form.add_prefix(name)] = "on" if value is True else value
    return {name: value for name, value in (fields | changes).items() if value is not None}
