import pytest

from registry.admin import journal, paging
from tests.factories import make_subject


@pytest.fixture
def subject(lapp):
    return make_subject(lapp)


@pytest.fixture
def client_of_dpo(dpo, browser_client):
    return browser_client(dpo)


@pytest.fixture
def natalia(client_of_dpo):
    """The DPO as her name stands in tests of imports."""
    return client_of_dpo


@pytest.fixture
def counted(monkeypatch):
    """Five stand for the ten thousand."""
    monkeypatch.setattr(paging, "COUNTED", 5)
    monkeypatch.setattr(journal, "COUNTED", 5)
    monkeypatch.setattr("registry.admin.base.RegistryModelAdmin.list_per_page", 2)
