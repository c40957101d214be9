"""System checks: what no migration and no type can promise about the models, each with what to do."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.apps import apps
from django.core.checks import Error, Tags, Warning, register
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

CLASSES = {"none", "contact", "personal"}


def tracked_models():
    from registry.models import Tracked

    return [model for model in apps.get_app_config("registry").get_models() if issubclass(model, Tracked)]


@register()
def field_classes_are_declared(app_configs=None, **kwargs):
    """Masking, commitments and exports read the classes: a field without one would leak."""
    errors = []
    for model in tracked_models():
        declared = getattr(model, "FIELD_CLASSES", {})
        tracked = {field.name for field in model.history.model.tracked_fields}
        for name in sorted(tracked - set(declared)):
            hint = "Add it to FIELD_CLASSES as none, contact or personal."
            errors.append(Error(f"{model.__name__}.{name} has no class.", hint=hint, obj=model, id="registry.E001"))
        for name in sorted(set(declared) - tracked - {"operator"}):
            hint = "Remove it from FIELD_CLASSES, or track the field."
            errors.append(
                Error(f"{model.__name__}.{name} is classed but not tracked.", hint=hint, obj=model, id="registry.E002")
            )
        if unknown := set(declared.values()) - CLASSES:
            hint = f"Use one of {sorted(CLASSES)}."
            errors.append(Error(f"{model.__name__} uses {sorted(unknown)}.", hint=hint, obj=model, id="registry.E003"))
    return errors


@register()
def no_field_is_called_reason(app_configs=None, **kwargs):
    """`reason` is the change reason's name in the commitment to personal values."""
    return [
        Error(
            f"{model.__name__} has a field called reason.", hint="Give it another name.", obj=model, id="registry.E004"
        )
        for model in tracked_models()
        if any(field.name == "reason" for field in model._meta.get_fields())
    ]


@register()
def tracked_models_have_no_many_to_many(app_configs=None, **kwargs):
    """simple-history writes several rows a save for them and as_of() returns today's set."""
    return [
        Error(
            f"{model.__name__} has a many-to-many field.",
            hint="Make the link a tracked model.",
            obj=model,
            id="registry.E005",
        )
        for model in tracked_models()
        if model._meta.local_many_to_many
    ]


@register()
def almaty_has_one_offset(app_configs=None, **kwargs):
    """Kazakhstan has one time, UTC+5, since 1 March 2024. Older zone data would count days from the wrong midnight."""
    offset = dt.datetime(2024, 3, 2, tzinfo=ZoneInfo("Asia/Almaty")).utcoffset()
    if offset == dt.timedelta(hours=5):
        return []
    hint = "Update the system's time zone data (tzdata 2024a or newer)."
    return [Error(f"Asia/Almaty is {offset} ahead of UTC here, not 5 hours.", hint=hint, id="registry.E006")]


@register(Tags.database)
def people_are_searched_by_index(app_configs=None, databases=None, **kwargs):
    """Asked by `migrate` and `check --database default`. Before the first `migrate` there is nothing to be missing."""
    from registry import search

    if not databases or connection.alias not in databases:
        return []
    if not any(app == "registry" for app, _name in MigrationRecorder(connection).applied_migrations()):
        return []
    if search.is_installed():
        return []
    hint = "Run `manage.py migrate`: it makes the index, or says what the database lacks for it."
    return [Warning("People are searched without an index: slow for many.", hint=hint, id="registry.W001")]
