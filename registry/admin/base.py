"""Admin classes: read-only unless the class says otherwise, scoped to the operator, journalled, safe against a second save."""

from django.contrib import admin
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import FieldDoesNotExist, PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.http import Http404
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from registry import journal, scope
from registry.models import PERSONAL, OperatorOwned, Tracked

from .acts import OtherOperator, reason_of
from .conflict import seen_token, who_saved
from .forms import ScopedForm, ScopedInlineForm
from .history import history_page


class Scoped:
    """Foreign keys offer records of the current operator only; personal fields are there for those who may see them."""

    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if "queryset" not in kwargs:
            kwargs["queryset"] = scope.in_scope(db_field.remote_field.model._default_manager.all(), request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(getattr(field, "widget", None), RelatedFieldWidgetWrapper):
            # A missing entry can be added from here; the others have pages of their own.
            field.widget.can_change_related = field.widget.can_delete_related = field.widget.can_view_related = False
        return field

    def get_fieldsets(self, request, obj=None):
        fieldsets = []
        for name, options in super().get_fieldsets(request, obj):
            fields = visible_fields(self.model, options["fields"], request.user)
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
    exclude = ("operator",)
    show_change_link = False

    def get_formset(self, request, obj=None, **kwargs):
        form = type(self.form.__name__, (self.form,), {"request": request})
        return super().get_formset(request, obj, **kwargs | {"form": form})

    def get_queryset(self, request):
        return scope.in_scope(super().get_queryset(request), request.user)


class RegistryInline(ScopedInline, admin.TabularInline):
    """Links, one a row."""


class RegistryStackedInline(ScopedInline, admin.StackedInline):
    """Records of more fields than a row holds."""


class RegistryModelAdmin(Scoped, WritableByRole, admin.ModelAdmin):
    """Declare lists and fieldsets; everything else is here."""

    form = ScopedForm
    exclude = ("operator",)
    reason_required = False
    show_full_result_count = False
    save_on_top = False
    view_on_site = False
    list_per_page = 50
    change_form_template = None

    def get_queryset(self, request):
        return scope.in_scope(super().get_queryset(request), request.user)

    # What may be seen

    def get_object(self, request, object_id, from_field=None):
        found = super().get_object(request, object_id, from_field)
        if found is None:
            self.offer_other_operator(request, object_id)
        return found

    def offer_other_operator(self, request, object_id):
        """A record of another of the user's operators offers the switch; every other one does not exist."""
        if not issubclass(self.model, OperatorOwned):
            return
        try:
            key = self.model._meta.pk.to_python(object_id)
        except ValidationError:
            return
        own = {membership.operator_id for membership in getattr(request.user, "_memberships", [])}
        record = self.model._base_manager.filter(pk=key, operator__in=own).select_related("operator").first()
        if record is not None and self.has_view_permission(request):
            raise OtherOperator(record.operator)

    def _get_obj_does_not_exist_redirect(self, request, opts, object_id):
        raise Http404

    def get_list_display(self, request):
        return visible_fields(self.model, super().get_list_display(request), request.user)

    def get_sortable_by(self, request):
        return visible_fields(self.model, super().get_sortable_by(request), request.user)

    def lookup_allowed(self, lookup, value, request):
        """A value that is not shown cannot be guessed by filtering either."""
        if not scope.sees_personal(request.user) and touches_personal(self.model, lookup):
            return False
        return super().lookup_allowed(lookup, value, request)

    # What is told

    @property
    def tracked(self):
        return issubclass(self.model, Tracked)

    @property
    def about_people(self):
        return self.opts.model_name in scope.PEOPLE

    def changelist_view(self, request, extra_context=None):
        response = super().changelist_view(request, extra_context)
        if self.about_people and hasattr(response, "context_data") and "cl" in response.context_data:
            shown = list(response.context_data["cl"].result_list)
            uids = list(dict.fromkeys(uid for record in shown for uid in record.journal_subjects()))
            journal.record("list", object_type=self.opts.model_name, uids=uids, count=len(shown))
        return response

    def history_view(self, request, object_id, extra_context=None):
        record = self.get_object(request, object_id)
        if record is None or not self.tracked or not self.has_view_permission(request, record):
            raise Http404
        journal.record("history", object_type=self.opts.model_name, uid=record.uid, subjects=record.journal_subjects())
        context = self.admin_site.each_context(request) | {
            "title": _("History"),
            "object": record,
            "opts": self.opts,
            **history_page(record, self.linked_models(), request),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/object_history.html", context)

    def linked_models(self):
        """The models whose rows are part of this record, with the name of their foreign key to it."""
        linked = []
        for inline in self.inlines:
            for field in inline.model._meta.concrete_fields:
                if field.is_relation and field.related_model is self.model and inline.fk_name in (None, field.name):
                    linked.append((inline.model, field.name))
        return linked

    # What is written

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"request": request})

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        record = self.get_object(request, object_id) if object_id else None
        if object_id and record is None:
            raise Http404
        context = self.form_context(request, record) | (extra_context or {})
        if request.method != "POST":
            if record is not None and self.about_people:
                journal.record(
                    "view", object_type=self.opts.model_name, uid=record.uid, subjects=record.journal_subjects()
                )
            return super().changeform_view(request, object_id, form_url, context)
        if record is not None and request.POST.get("_seen", context["seen"]) != context["seen"]:
            return self.conflict(request, record)
        if self.reason_required and not reason_of(request):
            context["reason_errors"] = [_("Say why: the history of a person keeps the reason.")]
            request.refusal = ValidationError(
                _("Nothing was saved: a reason is required. Enter it beside the save button.")
            )
        try:
            with transaction.atomic():
                return super().changeform_view(request, object_id, form_url, context)
        except ValidationError as refusal:
            # A rule that could only speak once the links were written: everything is undone, the form comes back.
            request.refusal = refusal
        except IntegrityError:
            request.refusal = ValidationError(
                _(
                    "Nothing was saved: somebody else saved the same at this very moment. Look at the list, then save again."
                )
            )
        return super().changeform_view(request, object_id, form_url, context)

    def form_context(self, request, record):
        return {
            "reason_required": self.reason_required,
            "reason_value": request.POST.get("_reason", ""),
            "reason_errors": [],
            "seen": seen_token(record, self.linked_models()) if record is not None and self.tracked else "",
        }

    def conflict(self, request, record):
        context = self.admin_site.each_context(request) | {
            "title": _("Somebody else saved it first"),
            "object_label": record,
            "url": request.path,
            **who_saved(record, self.linked_models()),
        }
        return TemplateResponse(request, "admin/conflict.html", context, status=409)

    def delete_view(self, request, object_id, extra_context=None):
        record = self.get_object(request, object_id)
        if record is None:
            raise Http404
        context = {"reason_required": False, "reason_value": request.POST.get("_reason", "")} | (extra_context or {})
        return super().delete_view(request, object_id, context)

    def get_deleted_objects(self, objs, request):
        """Deletes only what nothing else refers to; the refusal says what does."""
        deleted, counts, _perms, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, set(), protected

    def response_action(self, request, queryset):
        if IS_POPUP_VAR in request.POST:
            raise PermissionDenied
        return super().response_action(request, queryset)

    # The journal replaces Django's admin log, which would copy what records are called.

    def log_addition(self, request, obj, message):
        return None

    def log_change(self, request, obj, message):
        return None

    def log_deletions(self, request, queryset):
        return None


def visible_fields(model, names, user):
    """Without the personal fields, for those who may not see them."""
    if scope.sees_personal(user) or not hasattr(model, "FIELD_CLASSES"):
        return list(names)
    kept = []
    for name in names:
        if isinstance(name, list | tuple):
            if inner := visible_fields(model, name, user):
                kept.append(tuple(inner))
        elif model.FIELD_CLASSES.get(name) != PERSONAL:
            kept.append(name)
    return kept


def touches_personal(model, lookup):
    """Whether a lookup path reaches a personal field, or the search key made of them."""
    for part in lookup.split("__"):
        try:
            field = model._meta.get_field(part)
        except (FieldDoesNotExist, AttributeError):
            return False
        if part == "search_key" or getattr(model, "FIELD_CLASSES", {}).get(part) == PERSONAL:
            return True
        model = field.related_model
        if model is None:
            return False
    return False
