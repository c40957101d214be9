"""What tests of the register loader and of the CRM import share."""

import pytest
from django.db import connection

from registry.imports import crm_file, registers
from tests import factories

from .crm import CRM


@pytest.fixture
def write_register(tmp_path):
    def write(text, name="acme.toml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture
def one_law(monkeypatch):
    """Tests about the loader itself need one law and no norms."""
    monkeypatch.setattr(registers, "load_missing_laws", lambda **who: None)
    return factories.make_law()


@pytest.fixture
def crm(lapp):
    """Imports into an operator that has one purpose."""
    factories.make_purpose(lapp)
    return CRM(lapp)


@pytest.fixture
def chunks_of_two(monkeypatch):
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 2)
