"""What every form and list of the admin shares: the current operator's records only, and only what the role may see."""

from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from registry import scope
from registry.models import PERSONAL

from .forms import ScopedFormSet, ScopedInlineForm, SharedChoiceField


class Scoped:
    """Foreign keys offer records of the current operator only; personal fields are there for those who may see them."""

    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if "queryset" not in kwargs:
            kwargs["queryset"] = scope.in_scope(db_field.remote_field.model._default_manager.all(), request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def in_words(self, name):
        """A list of codes is read in words."""
        worded = f"{name}_in_words"
        return worded if isinstance(name, str) and hasattr(self, worded) else name

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(getattr(field, "widget", None), RelatedFieldWidgetWrapper):
            # A missing entry can be added from here, and an incomplete one completed.
            field.widget.can_delete_related = field.widget.can_view_related = False
        return field

    def get_fieldsets(self, request, obj=None):
        fieldsets = []
        read_only = not self.has_change_permission(request, obj) and not (
            obj is None and self.has_add_permission(request, obj)
        )
        for name, options in super().get_fieldsets(request, obj):
            fields = visible_fields(self.model, options["fields"], request.user)
            if read_only:
                fields = [self.in_words(each) for each in fields]
            if fields:
                fieldsets.append((name, options | {"fields": fields}))
        return fieldsets


class WritableByRole:
    """`writable` opens a class; the role still decides."""

    writable = False

    def has_add_permission(self, request, obj=None):
        return self.writable and request.user.has_perm(f"registry.add_{self.opts.model_name}")

    def has_change_permission(self, request, obj=None):
        return self.writable and request.user.has_perm(f"registry.change_{self.opts.model_name}")

    def has_delete_permission(self, request, obj=None):
        return self.writable and request.user.has_perm(f"registry.delete_{self.opts.model_name}")

    def has_view_permission(self, request, obj=None):
        return request.user.has_perm(f"registry.view_{self.opts.model_name}")


class ScopedInline(Scoped, WritableByRole):
    """Rows that belong to a record, on its form."""

    writable = True
    extra = 0
    form = ScopedInlineForm
    formset = ScopedFormSet
    exclude = ("operator",)
    show_change_link = False

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        return super().formfield_for_foreignkey(db_field, request, **{"form_class": SharedChoiceField} | kwargs)

    def __init__(self, *args):
        super().__init__(*args)
        self._formsets = {}  # Django makes an inline for each request, and asks it for its formset a dozen times

    def get_fields(self, request, obj=None):
        """Django makes a form to see which fields there are. They are the same for everybody; who sees them is asked later."""
        made = type(self)
        if "all_fields" not in vars(made):
            made.all_fields = super().get_fields(request, obj)
        return made.all_fields

    def get_formset(self, request, obj=None, **kwargs):
        asked = (obj and obj.pk, str(kwargs))
        if asked not in self._formsets:
            self._formsets[asked] = self.made_formset(request, obj, **kwargs)
        return self._formsets[asked]

    def made_formset(self, request, obj, **kwargs):
        form = type(self.form.__name__, (self.form,), {"request": request})
        return super().get_formset(request, obj, **kwargs | {"form": form})

    def get_queryset(self, request):
        """Rows have the operator of the record they belong to, which is in scope. Asked for the operator, too, SQLite looks
        through all of the operator's rows: their list has the order that is wanted here.
        """
        rows, parent = super().get_queryset(request), getattr(self.model, "PARENT", None)
        if parent and self.model._meta.get_field(parent).related_model is self.parent_model:
            return rows
        return scope.in_scope(rows, request.user)


class RegistryInline(ScopedInline, admin.TabularInline):
    """Links, one a row."""


class RegistryStackedInline(ScopedInline, admin.StackedInline):
    """Records of more fields than a row holds."""


class ScopedFilter(admin.RelatedFieldListFilter):
    def field_choices(self, field, request, model_admin):
        chosen = scope.scope_filter(field.related_model, request.user)
        ordering = self.field_admin_ordering(field, request, model_admin)
        return field.get_choices(include_blank=False, ordering=ordering, limit_choices_to=chosen)


def visible_fields(model, names, user):
    """Without the personal fields, for those who may not see them."""
    if scope.sees_personal(user):
        return list(names)
    kept = []
    for name in names:
        if isinstance(name, list | tuple):
            if inner := visible_fields(model, name, user):
                kept.append(tuple(inner))
        elif not is_personal(model, name):
            kept.append(name)
    return kept


def is_personal(model, name):
    """Whether a field is classed so, is the search key made of such, or a free text of a run, which may name a person."""
    return name in ("search_key", "reason", "how") or getattr(model, "FIELD_CLASSES", {}).get(name) == PERSONAL


def touches_personal(model, lookup):
    """Whether a lookup path reaches a personal field."""
    for part in lookup.split("__"):
        try:
            field = model._meta.get_field(part)
        except (FieldDoesNotExist, AttributeError):
            return False
        if is_personal(model, part):
            return True
        model = field.related_model
        if model is None:
            return False
    return False
