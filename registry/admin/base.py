"""Admin classes: read-only unless the class says otherwise, scoped to the operator, journalled, safe against a second save."""

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from registry import journal, scope
from registry.models import OperatorOwned, Tracked
from registry.templatetags.registry_ui import grouped

from .acts import READING, OtherOperator, offer_switch_back, reason_of
from .conflict import seen_token, who_saved
from .entered import entered_in, entered_rows, reason_entered
from .forms import ScopedForm
from .history import history_page
from .list_exports import ListExport
from .paging import BoundedChangeList
from .scoped import Scoped, ScopedFilter, WritableByRole, touches_personal, visible_fields


class RegistryModelAdmin(ListExport, Scoped, WritableByRole, admin.ModelAdmin):
    """Declare lists and fieldsets; everything else is here."""

    form = ScopedForm
    exclude = ("operator",)
    reason_required = False
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each would be a count of the whole table
    save_on_top = False
    view_on_site = False
    list_per_page = 50
    change_form_template = None

    def get_queryset(self, request):
        return scope.in_scope(super().get_queryset(request), request.user)

    # What may be seen

    def get_object(self, request, object_id, from_field=None):
        """The record, read once where the request only reads; then its operator is the request's, too."""
        reads = request.method in READING
        opened = vars(request).setdefault("opened", {}) if reads else {}
        asked = self.model, str(object_id), from_field
        if asked not in opened:
            opened[asked] = found = super().get_object(request, object_id, from_field)
            if found is None:
                self.offer_other_operator(request, object_id)
            elif reads and request.operator and getattr(found, "operator_id", None) == request.operator.pk:
                found._state.fields_cache.setdefault("operator", request.operator)
        return opened[asked]

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

    def get_changelist(self, request, **kwargs):
        return BoundedChangeList

    # Fields that no two rows of one list have in common, beside the key: a list in their order needs no key to be in order.
    unique_in_a_list = frozenset()

    def part_of_list(self, request, changelist, listed, behind):
        """The part of a list that one page looks through, and the place where it ends; here all of it. paging.py asks."""
        return listed, None

    def rows_of_page(self, changelist, keys):
        return changelist.queryset.filter(pk__in=keys)

    def get_list_display(self, request):
        return visible_fields(self.model, super().get_list_display(request), request.user)

    def get_sortable_by(self, request):
        return visible_fields(self.model, super().get_sortable_by(request), request.user)

    def get_list_filter(self, request):
        return [self.scoped_filter(each) for each in super().get_list_filter(request)]

    def scoped_filter(self, name):
        """Filters offer records of the current operator only."""
        if isinstance(name, str) and self.model._meta.get_field(name).is_relation:
            return name, ScopedFilter
        return name

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
        return self.opts.model_name in scope.PEOPLE | scope.CASES

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
        if request.method != "POST":
            record = self.record_or_404(request, object_id)
            context = self.form_context(request, record) | (extra_context or {})
            self.tell_opened(request, record)
            # The form is drawn from what is read now: it is never older than what it says it saw.
            vars(request).pop("opened", None)
            return super().changeform_view(request, object_id, form_url, context)
        record = self.record_or_404(request, object_id, lock=True)
        if not (self.has_change_permission(request, record) if record else self.has_add_permission(request)):
            raise PermissionDenied
        context = self.form_context(request, record) | (extra_context or {})
        if request.POST.get("_seen", "") != context["seen"]:
            return self.seen_otherwise(request, record)
        response = self.saved(request, object_id, form_url, context)
        if isinstance(response, TemplateResponse):  # the form came back: the person is shown again
            self.tell_opened(request, record)
        return response

    def record_or_404(self, request, object_id, lock=False):
        if object_id is None:
            return None
        record = self.get_object(request, object_id)
        if record is None:
            raise Http404
        if lock:  # whoever saves next waits here, and then sees that the record is not as it was
            self.model._base_manager.select_for_update(of=("self",)).get(pk=record.pk)
            record.refresh_from_db()
        return record

    def tell_opened(self, request, record):
        if record is not None and self.about_people:
            journal.record("view", object_type=self.opts.model_name, uid=record.uid, subjects=record.journal_subjects())

    def saved(self, request, object_id, form_url, context):
        """Django's own view; what a rule or the database refuses comes back in the form, everything undone."""
        view = super().changeform_view
        if self.reason_required and not reason_of(request):
            context["reason_errors"] = [_("Say why: the history of a person keeps the reason.")]
            request.refusal = ValidationError(_("Nothing was saved: a reason is required."))
        try:
            with transaction.atomic():
                return view(request, object_id, form_url, context)
        except ValidationError as refusal:
            # A rule that could only speak once the links were written.
            request.refusal = refusal
        except IntegrityError:
            request.refusal = ValidationError(
                _("Nothing was saved: somebody else saved the same at this moment. Look at the list, then save again.")
            )
        return view(request, object_id, form_url, context)

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        for warning in getattr(obj, "warnings", ()):
            messages.warning(request, _("Saved, but look again. %s") % warning)

    def form_context(self, request, record):
        return {
            "reason_required": self.reason_required,
            "reason_value": request.POST.get("_reason", ""),
            "reason_errors": [],
            "seen": self.seen(request, record),
        }

    def seen(self, request, record):
        """What the form was drawn from: the operator, and the state of the record and its links."""
        operator = request.operator.code if request.operator else "-"
        state = "" if record is None else self.state_seen(record)
        return f"{operator}.{state}" if state else operator

    def state_seen(self, record):
        return seen_token(record, self.linked_models()) if self.tracked else ""

    def seen_otherwise(self, request, record, entered=None):
        """The form was drawn for another operator (switched in another tab), or somebody saved the record since.

        `entered` is what was typed, for the page that says so, where it was no form of the record itself.
        """
        offer_switch_back(request)
        if record is None:
            raise Http404
        return self.conflict(request, record, self.entered(request, record) if entered is None else entered)

    def conflict(self, request, record, entered):
        history = f"admin:registry_{self.opts.model_name}_history"
        context = self.admin_site.each_context(request) | {
            "title": _("Somebody else saved it first"),
            "object_label": record,
            "url": reverse(f"admin:registry_{self.opts.model_name}_change", args=[record.pk]),
            "history_url": reverse(history, args=[record.pk]) if self.tracked else "",
            **entered,
            **who_saved(record, self.linked_models()),
        }
        return TemplateResponse(request, "admin/conflict.html", context, status=409)

    def entered(self, request, record):
        """What the second officer had typed, to be entered again: fields of the record, the reason, and rows beside them."""
        form = self.get_form(request, record, change=True)(request.POST, instance=record)
        own = [*entered_in(form, form.changed_data), *reason_entered(request)]
        formsets, inlines = self._create_formsets(request, record, change=True)
        return {"entered": own, "rows": entered_rows(formsets, inlines), "compared": True}

    def delete_view(self, request, object_id, extra_context=None):
        """A record that somebody changed after its deletion was asked about is not deleted unseen."""
        posted = request.method == "POST"
        record = self.record_or_404(request, object_id, lock=posted and self.has_delete_permission(request))
        if not self.has_delete_permission(request, record):
            raise PermissionDenied
        context = {"reason_required": False, "reason_value": request.POST.get("_reason", "")} | (extra_context or {})
        context["seen"] = self.seen(request, record)
        if posted and request.POST.get("_seen", "") != context["seen"]:
            return self.seen_otherwise(request, record, {"entered": reason_entered(request), "deleting": True})
        vars(request).pop("opened", None)  # as in changeform_view: the page is not older than what it says it saw
        return super().delete_view(request, object_id, context)

    def get_deleted_objects(self, objs, request):
        """Nothing is deleted with a record: what refers to it protects it, and is counted, not listed."""
        protected = [
            f"{relation.related_model._meta.verbose_name_plural}: {grouped(count)}"
            for record in objs
            for relation in record._meta.get_fields(include_hidden=True)
            if relation.auto_created and not relation.concrete and relation.on_delete is models.PROTECT
            if (count := relation.related_model._base_manager.filter(**{relation.field.name: record.pk}).count())
        ]
        return [str(record) for record in objs], {self.opts.verbose_name: len(objs)}, set(), protected

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
