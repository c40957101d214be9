import pytest

from tests.factories import make_subject


@pytest.fixture
def subject(lapp):
    return make_subject(lapp)


@pytest.fixture
def client_of_dpo(dpo, browser_client):
    return browser_client(dpo)
