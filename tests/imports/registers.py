"""A small register file, and what tests of the loader share."""

import pytest

from registry import models
from registry.imports.inspection import FileRefused
from registry.imports.registers import load_register

MINIMAL = """
[operator]
code = "acme"
name_en = "Acme LLP"
country = "KZ"

[[operator_law]]
law = "KZ-94-V"

[[purpose]]
code = "letters"
name_en = "Letters"
"""


def tracked_rows():
    every = (getattr(models, name) for name in models.__all__)
    return sum(model.history.count() for model in every if hasattr(model, "history"))


def refusal(path, **options):
    with pytest.raises(FileRefused) as refused:
        load_register(path, **options)
    return str(refused.value)
