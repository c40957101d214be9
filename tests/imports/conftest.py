"""What tests of the register loader share."""

import pytest

from registry.imports import registers
from tests import factories


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
