"""House conventions, checked over everything: a new file, model or admin class meets them or says why not, by name."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core.management import call_command
from django.db import models

from registry import scope
from registry.checks import (
    field_classes_are_declared,
    no_field_is_called_reason,
    tracked_models_have_no_many_to_many,
)
from registry.models import OperatorOwned, Tracked

ROOT = Path(settings.BASE_DIR)
FILES = [path for path in (ROOT / "registry").rglob("*.py") if "migrations" not in path.parts]
MODELS = [
    model for model in apps.get_app_config("registry").get_models() if not model.__name__.startswith("Historical")
]
TRACKED = [model for model in MODELS if issubclass(model, Tracked)]

# The journal tells of these; their own rows are not history.
NOT_TRACKED = {"User", "JournalEntry", "JournalSubject", "JournalHead", "ImportRun", "ListedRow", "ExportRun", "Digest",
               "HandOverRun", "TellingRun"}  # fmt: skip
NOT_PROTECTED = {"ListedRow.run"}  # rejected rows expire with their run's file
UNPAIRED = {
    "JournalEntry.at",
    "ImportRun.uploaded_at",  # a run belongs to its owner from the first step to the last
    "ImportRun.planned_at",
    "ImportRun.applied_at",
    "ImportRun.expires_at",
    "ImportRun.reported_at",
    "ImportRun.alive_at",
    "ImportRun.step_began_at",  # by step_by
    "HandOverRun.alive_at",
    "HandOverRun.step_began_at",
    "TellingRun.alive_at",
    "TellingRun.step_began_at",
    "ExportRun.finished_at",  # by whoever started it
    "SubjectRequest.due_at",  # computed
    "AuthorityRequest.due_at",
    "CaseDeadline.due_at",
    "CaseDeadline.starts_at",  # the event a term is counted from
    "CaseLetter.refused_at",  # by the mail server
    "Message.received_at",  # by the mail server
    "Message.fetched_at",  # by the command
    "Digest.sent_at",
}
LONGEST_FILE = 400
CLOCKS = {"now", "localdate", "localtime", "today", "time", "monotonic"}
FORBIDDEN_ROOMS = {"utils.py", "helpers.py", "services.py", "signals.py", "common.py", "misc.py"}

# Who may import whom, from the bottom up. `management` and `admin` stand on top.
FLOORS = {
    "choices": 0,
    "passwords": 1,
    "rules": 1,
    "journal": 2,
    "models": 3,
    "search": 4,
    "imports": 4,
    "exports": 4,
    "operations": 4,
    "tasks": 5,
    "scope": 5,
    "templatetags": 5,
    "checks": 5,
    "admin": 6,
    "management": 6,
    "apps": 7,
}
BULK_WRITERS = {"journal", "imports"}  # the journal's own tables; the import engine, proved equal to save()


def room(path):
    parts = path.relative_to(ROOT / "registry").parts
    return parts[0].removesuffix(".py") if parts[0] != "__init__.py" else "choices"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_model_is_tracked_or_exempt_by_name(model):
    """A record without history is one we decided about."""
    assert (model in TRACKED) != (model.__name__ in NOT_TRACKED)
    if model in TRACKED:
        assert hasattr(model, "history")


def test_every_tracked_field_has_a_class():
    """Every field is none, official contact or personal."""
    assert not field_classes_are_declared()
    assert not no_field_is_called_reason()
    assert not tracked_models_have_no_many_to_many()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_foreign_keys_protect(model):
    """What others refer to cannot vanish."""
    for field in model._meta.concrete_fields:
        if isinstance(field, models.ForeignKey) and f"{model.__name__}.{field.name}" not in NOT_PROTECTED:
            assert field.remote_field.on_delete is models.PROTECT, field


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_moments_name_their_actor(model):
    """A moment (_at) stands beside the person who made it (_by); dates end in _on."""
    names = {field.name for field in model._meta.concrete_fields}
    for field in model._meta.concrete_fields:
        name = f"{model.__name__}.{field.name}"
        if isinstance(field, models.DateTimeField) and name not in UNPAIRED | {
            "User.date_joined",
            "User.last_login",
            "JournalHead.at",
        }:
            assert field.name.endswith("_at"), name
            assert field.name.removesuffix("_at") + "_by" in names, name
        elif type(field) is models.DateField:
            assert field.name.endswith(("_on", "_from", "_until", "_date")), name


@pytest.mark.parametrize("model", TRACKED, ids=lambda model: model.__name__)
def test_constraints_speak(model):
    """A constraint that a person can run into says what to do."""
    for constraint in model._meta.constraints:
        assert constraint.violation_error_message != constraint.default_violation_error_message, constraint.name


@pytest.mark.parametrize("model", [*admin.site._registry], ids=lambda model: model.__name__)
def test_every_admin_class_is_scoped(model):
    """No list starts from all operators' rows."""
    from registry.admin.base import RegistryModelAdmin

    assert isinstance(admin.site._registry[model], RegistryModelAdmin)
    if issubclass(model, OperatorOwned):
        name = model._meta.model_name
        assert name in scope.REGISTER | scope.PAPERS | scope.PEOPLE | scope.CASES | scope.FEEDS | scope.SOURCES | {
            "membership"
        }, "decide in scope.py who may meet it"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file(path):
    """Files stay readable, rooms have names, imports go down, and tracked rows are written one by one."""
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= LONGEST_FILE
    assert path.name not in FORBIDDEN_ROOMS
    own = room(path)
    for node in ast.walk(ast.parse(source)):
        for target in imported(node):
            assert FLOORS[target] <= FLOORS[own], f"{own} imports {target} (line {node.lineno})"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in {"bulk_create", "bulk_update"} and "super" not in names(node.func.value):
                assert own in BULK_WRITERS, f"{node.func.attr} in line {node.lineno}"
            if node.func.attr == "update" and {"filter", "objects", "all"} & called(node.func.value):
                assert own in BULK_WRITERS, f"a queryset's update() in line {node.lineno} writes no history"


def imported(node):
    """The rooms of the product that `from registry… import …` names."""
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        package, _dot, room = (node.module or "").partition(".")
        if package == "registry":
            return [room.split(".")[0]] if room else [each.name for each in node.names]
    return []


@pytest.mark.parametrize(
    "path", [*FILES, *(ROOT / "tests").rglob("*.py")], ids=lambda path: str(path.relative_to(ROOT))
)
def test_clock_is_read_when_it_is_asked(path):
    """Not while a module is loaded: a server, and a run of all tests, goes on past midnight."""
    for node in loaded(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called_as = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
            assert called_as not in CLOCKS, f"{called_as}() in line {node.lineno}"


def loaded(node):
    """What Python runs of a module when it loads it: all but the bodies of functions."""
    yield node
    deferred = node.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else []
    deferred = [node.body] if isinstance(node, ast.Lambda) else deferred
    for child in ast.iter_child_nodes(node):
        if child not in deferred:
            yield from loaded(child)


def names(node):
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def called(node):
    """Names of the attributes in a chain of calls."""
    return {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}


@pytest.mark.django_db
def test_no_migration_is_missing():
    """The models and the migrations say the same."""
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_templates_hold_no_inline_code(path):
    """The content security policy knows no inline script, style or handler."""
    text = path.read_text(encoding="utf-8")
    for banned in (" style=", "<style", " onclick=", " onchange=", " onload=", "javascript:"):
        assert banned not in text
    assert "<script>" not in text


@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements*.txt")), ids=lambda path: path.name)
def test_every_pin_says_why_it_is_here(path):
    """docs/decisions.md has a word on each package."""
    said = (ROOT / "docs/decisions.md").read_text(encoding="utf-8").rpartition("## Dependencies")[2]
    for name in re.findall(r"^([\w-]+).*==", path.read_text(encoding="utf-8"), re.MULTILINE):
        assert re.search(rf"(?<![\w-]){name}(?![\w-])", said), name
