import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

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


@pytest.fixture
def desk(lapp, dpo, browser_client):
    """The DPO of Lapp, who sends files: `desk(model, text)` gives the preview, `desk.confirm()` applies it."""

    class Desk:
        client = browser_client(dpo)

        def __call__(self, model, content):
            self.model = model
            raw = content if isinstance(content, bytes) else content.encode()
            file = SimpleUploadedFile("list.csv", raw, content_type="text/csv")
            url = reverse(f"admin:registry_{model}_import")
            self.page = self.client.post(url, {"import_file": file, "format": "0"})
            return self.page.content.decode()

        def confirm(self, **fields):
            found = re.search(r'name="ticket" value="([^"]+)"', self.page.content.decode())
            self.ticket = found.group(1)
            return self.send(self.ticket, **fields)

        def send(self, ticket, **fields):
            url = reverse(f"admin:registry_{self.model}_process_import")
            return self.client.post(url, {"ticket": ticket, **fields}, follow=True)

    return Desk()
