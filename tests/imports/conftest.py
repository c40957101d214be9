"""What tests of the register loader and of the CRM import share."""

import io

import pytest
from django.core.management import call_command
from django.db import connection

from registry.imports import crm_file, registers
from registry.management.line import Line
from registry.models import ImportSource
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


@pytest.fixture
def source(crm):
    return factories.save(
        ImportSource(operator=crm.operator, name="Bitrix24, sales", defaults="language=kk", report_to="crm@lapp.kz")
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def command(folder, source):
    """(exit code, lines printed, lines of errors)."""

    def run(*said):
        out, err, code = io.StringIO(), io.StringIO(), 0
        given = ("--operator", "lapp", "--source", "Bitrix24, sales", "--folder", str(folder), *said)
        try:
            call_command("import_folder", *given, stdout=out, stderr=err)
        except SystemExit as stop:
            code = stop.code
        return code, out.getvalue().splitlines(), err.getvalue().splitlines()

    return run


@pytest.fixture
def after_two_rows(monkeypatch):
    """Has something happen when two of the rows are applied: act(run)."""
    for vendor in crm_file.CHUNK_ROWS:
        monkeypatch.setitem(crm_file.CHUNK_ROWS, vendor, 2)

    def happens(act):
        def told(self, run, done):
            if run.state == "applying" and done == 2:
                act(run)

        monkeypatch.setattr(Line, "__call__", told)

    return happens
