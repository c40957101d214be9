"""How routes are found: whoever adds one decides what a block does to it."""

import ast
import inspect
from pathlib import Path

from django.apps import apps
from django.contrib import admin
from django.core.management import get_commands

import registry
from registry import scope
from registry.models import (
    DataSubject,
    ExportRun,
    Tracked,
)

from .shell import SHELL
from .world import HELD

REGISTRY = Path(registry.__file__).parent


def operations():
    """Functions of operations/ that name who acts: the others read, or do a part of it."""
    for path in sorted((REGISTRY / "operations").glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and "by" in {
                each.arg for each in (*node.args.args, *node.args.kwonlyargs)
            }:
                yield f"operations.{path.stem}.{node.name}"


def importers():
    """Functions of imports/ that open a unit of work, or write rows in bulk."""
    for path in sorted((REGISTRY / "imports").glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            called = {
                each.func.attr if isinstance(each.func, ast.Attribute) else getattr(each.func, "id", "")
                for each in ast.walk(node)
                if isinstance(each, ast.Call)
            }
            if isinstance(node, ast.FunctionDef) and "unit_of_work" in called:
                yield f"imports.{path.stem}.{node.name}"


def acts():
    """Methods of models that name their actor."""
    for model in apps.get_app_config("registry").get_models():
        for name, method in inspect.getmembers(model, inspect.isfunction):
            own = not name.startswith("_") and method.__module__.startswith("registry.")
            if own and "by" in inspect.signature(method).parameters:
                yield f"act {method.__qualname__}"


def people_admins():
    return [each for model, each in admin.site._registry.items() if model._meta.model_name in scope.PEOPLE]


def screens():
    for each in people_admins():
        yield from (f"admin {url.name}" for url in each.get_urls() if url.name)
        yield from (f"inline {inline.model.__name__}" for inline in each.inlines)
        yield from (f"list action {action}" for action in each.actions or ())


def commands():
    yield from (f"command {name}" for name, app in get_commands().items() if app == "registry")


def discovered():
    """Names of all routes there are: whoever adds one decides what a block does to it."""
    shell = {f"{model.__name__} {way}" for model in HELD for way in SHELL}
    files = {f"file {kind}" for kind in ExportRun.Kind.values}
    return shell | files | {*operations(), *importers(), *acts(), *screens(), *commands()}


def touching():
    """Tracked models that lead to a person, over however many links."""
    models = [model for model in apps.get_app_config("registry").get_models() if issubclass(model, Tracked)]
    found = {DataSubject}
    while more := {
        model
        for model in models
        if model not in found and any(f.is_relation and f.related_model in found for f in model._meta.concrete_fields)
    }:
        found |= more
    return found
