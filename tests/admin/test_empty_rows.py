"""The row that “Add another” copies is drawn once for all who would see the same, and never for anybody else."""

import re

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from registry.admin.forms import ScopedFormSet
from registry.admin.scoped import ScopedInline
from registry.models import ProcessingActivity
from tests.factories import make_purpose, make_subject, make_user, save
from tests.forms import url

pytestmark = pytest.mark.django_db


def empty_row(client, person):
    """The consent to be added on a person's page."""
    page = client.get(url(person)).content.decode()
    [row] = re.findall(r'id="consents-empty".*?<div class="js-inline-admin-formset', page, re.DOTALL)
    return row


def test_what_can_be_chosen_now_is_offered(client_of_dpo, lapp, subject):
    """A purpose that was added a moment ago is in the next page, though the row was drawn for the last one."""
    make_purpose(lapp, code="orders", name_en="Orders")
    assert "Newsletters" not in empty_row(client_of_dpo, subject)
    make_purpose(lapp, code="newsletters", name_en="Newsletters")
    assert "Newsletters" in empty_row(client_of_dpo, subject)


def test_row_belongs_to_the_person_of_the_page(client_of_dpo, lapp, subject):
    """Whose row it is, is drawn on each page."""
    for person in (subject, make_subject(lapp, crm_id="2"), subject):
        assert f'name="consents-__prefix__-subject" value="{person.pk}"' in empty_row(client_of_dpo, person)


def test_another_operator_gets_a_row_of_its_own(client_of_dpo, browser_client, lapp, kazger, subject):
    """What one operator calls its purposes is not another one's business."""
    make_purpose(lapp, code="orders", name_en="Orders")
    assert "Orders" in empty_row(client_of_dpo, subject)
    client = browser_client(make_user("dpo", kazger, username="theirs"))
    assert "Orders" not in empty_row(client, make_subject(kazger))


def test_row_has_no_link_to_what_the_role_may_not_add(client_of_dpo, browser_client, lapp, subject):
    """The DPO adds a purpose from here; a registrar, who comes after, does not."""
    make_purpose(lapp)
    assert "add_id_consents-__prefix__-purpose" in empty_row(client_of_dpo, subject)
    client = browser_client(make_user("registrar", lapp, username="registrar"))
    assert "add_id_consents-__prefix__-purpose" not in empty_row(client, subject)


def test_row_has_the_help_of_its_own_page(client_of_dpo, lapp):
    """Data categories are linked to purposes of the activity: where it is new, its purposes are to be saved first."""
    sentence = "Save the activity with its purposes first."
    activity = save(ProcessingActivity(operator=lapp, code="sales", name_en="Sales"))
    assert sentence in client_of_dpo.get(reverse("admin:registry_processingactivity_add")).content.decode()
    assert sentence not in client_of_dpo.get(url(activity)).content.decode()


def test_second_page_draws_no_empty_row(client_of_dpo, lapp, subject, monkeypatch):
    """Half of a person's page are rows to be added: they are taken as they were drawn for the first."""
    make_purpose(lapp)
    first = empty_row(client_of_dpo, subject)
    drawn = []
    monkeypatch.setattr("django.forms.BoundField.__str__", lambda field: drawn.append(field.html_name) or "")
    assert "consents-__prefix__-data_list" in empty_row(client_of_dpo, subject)
    assert [name for name in drawn if "__prefix__" in name and not name.endswith(("-id", "-subject"))] == []
    assert "consents-__prefix__-data_list" in first


@pytest.mark.parametrize("role", ["auditor", "registrar"])
def test_rows_have_the_same_fields_whoever_comes_first(role, dpo, lapp, rf, monkeypatch):
    """Which fields a row has is asked once a process: an auditor who comes first hides none from the officer."""

    def fields_for(user, inline, model):
        monkeypatch.setattr(inline, "all_fields", None, raising=False)
        monkeypatch.delattr(inline, "all_fields")
        request = rf.get("/")
        request.user, request.operator = user, lapp
        return list(inline(model, admin.site).get_fields(request))

    first = make_user(role, lapp, username="first")
    for model_admin in admin.site._registry.values():
        for inline in model_admin.inlines:
            fields = fields_for(dpo, inline, model_admin.model)
            assert fields
            assert fields == fields_for(first, inline, model_admin.model), inline


def test_every_inline_tells_its_empty_rows_apart():
    """The templates of rows ask each formset for what its empty row depends on."""
    inlines = [inline for model_admin in admin.site._registry.values() for inline in model_admin.inlines]
    assert len(inlines) > 10
    for inline in inlines:
        assert issubclass(inline, ScopedInline)
        assert issubclass(inline.formset, ScopedFormSet)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL knows how many rows an operator has")
def test_rows_of_a_person_are_found_by_the_person(client_of_dpo, subject):
    """SQLite, asked for the operator's rows of a person in the order of the list, goes through all of the operator's."""
    with CaptureQueriesContext(connection) as queries:
        client_of_dpo.get(url(subject))
    of_people = re.compile(r'FROM "registry_(?:consent|agreement|suppression)"')
    asked = [query["sql"] for query in queries if of_people.search(query["sql"]) and "UNION" not in query["sql"]]
    assert len(asked) >= 3
    with connection.cursor() as cursor:
        for sql in asked:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = " · ".join(row[-1] for row in cursor.fetchall())
            assert "(operator_id=?)" not in plan, (sql, plan)
