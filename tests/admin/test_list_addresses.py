"""Whatever stands in the address of a list: a list is shown, an empty one perhaps, and never an error.

Every list there is, with every parameter it knows: a list that is added is asked, too.
"""

import re
from uuid import UUID

import pytest
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import models
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from registry.models import Consent, Message
from tests.factories import make_user
from tests.world import make_world

# A moment typed without its zone is one of Almaty: Django takes it, and warns.
pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:.*received a naive datetime:RuntimeWarning")]

TOO_LARGE = "9" * 30
NUMBERS = [TOO_LARGE, f"1,-{TOO_LARGE}", "²"]
MOMENTS = ["0001-01-01", "0001-01-01 00:00:00+14:00", "9999-12-31 23:59:59.999999-12:00"]
HOSTILE = [TOO_LARGE, *MOMENTS[1:], "("]
PLACES = [TOO_LARGE, "1~1", *(f"{moment}~1" for moment in MOMENTS), f"2026-03-20 10:00:00+05:00~{TOO_LARGE}"]
OF_THE_PAGE = ["p", "o", "q", "all", "e", "_changelist_filters", "_popup"]
ADMINISTRATORS = {"user", "membership"}  # lists that no officer sees


@pytest.fixture
def lists(db):
    """Each list with one record or more, its address, and somebody who sees it."""
    world = make_world("lapp")
    officer, administrator = Client(), Client()
    officer.force_login(make_user("dpo", world["operator"]), backend="registry.scope.RoleBackend")
    administrator.force_login(make_user("administrator"), backend="registry.scope.RoleBackend")
    found = []
    for model, model_admin in admin.site._registry.items():
        name = model._meta.model_name
        address = reverse(f"admin:registry_{name}_changelist")
        found.append((model_admin, address, administrator if name in ADMINISTRATORS else officer))
        if name == "journalentry":
            found.append((model_admin, address, administrator))
    return found


def refused(client, address, asked):
    """Those (parameter, value) that are answered neither by a list nor by the way back to it."""
    client.raise_request_exception = False
    answers = ((name, value, client.get(address, {name: value}).status_code) for name, value in asked)
    return [(address, name, value[:40], status) for name, value, status in answers if status not in (200, 302)]


def broken(model_admin, address, client, asked):
    """Those (parameter, value) that raise anything but Django's “no such filter” while the list is read."""
    request = client.get(address).wsgi_request
    for name, value in asked:
        request.GET = QueryDict(mutable=True)
        request.GET[name] = value
        try:
            shown = model_admin.get_changelist_instance(request)
            assert [list(spec.choices(shown)) for spec in shown.filter_specs] + [list(shown.result_list)]
        except IncorrectLookupParameters:
            continue
        except Exception as error:
            yield address, name, value[:40], type(error).__name__


def test_filter_is_answered_whatever_is_chosen(lists):
    """Numbers beyond 64 bits, days at both ends of the calendar, half a pattern, nothing."""
    wrong = []
    for model_admin, address, client in lists:
        specs = client.get(address).context["cl"].filter_specs
        asked = [(name, value) for spec in specs for name in spec.expected_parameters() for value in [*HOSTILE, ""]]
        wrong += broken(model_admin, address, client, asked)
    assert not wrong


def test_page_place_and_search_are_answered_whatever_is_typed(lists):
    """Pages, orders, words looked for, and places to go on from."""
    wrong = []
    for _model_admin, address, client in lists:
        asked = [*((name, TOO_LARGE) for name in OF_THE_PAGE), ("q", "("), *(("after", place) for place in PLACES)]
        wrong += refused(client, address, asked)
    assert not wrong


def fields_asked(model):
    """Each column of a list, and each record that refers to one of it, with what neither database takes for its value."""
    for field in model._meta.get_fields(include_hidden=True):
        if not field.concrete:
            yield f"{field.name}__in", TOO_LARGE
            continue
        is_date = isinstance(field, models.DateField)
        values = MOMENTS if is_date else NUMBERS
        yield from ((f"{field.name}{each}", value) for value in values for each in ("", "__in", "__gte"))
        yield from ((f"{field.name}__range", value) for value in ("", "(", "1,2"))
        yield from ((f"{field.name}__{pattern}", "(") for pattern in ("regex", "iregex", "contains"))
        if is_date:
            yield from ((f"{field.name}__{part}", value) for part in ("year", "iso_year") for value in ("0", TOO_LARGE))
        if field.is_relation:
            yield from ((f"{field.name}__{key}", NUMBERS[1]) for key in ("id__exact", "id__in", "pk__lt"))


def test_field_is_compared_with_any_value(lists):
    """Django lets each column of a list be asked for, whether a filter offers it or not: `?subject=…`, `?given_on__year=…`."""
    wrong = []
    for model_admin, address, client in lists:
        annotations = model_admin.get_queryset(client.get(address).wsgi_request).query.annotations
        asked = [(name, value) for name in [*annotations, "nothing", "exact"] for value in HOSTILE]
        wrong += broken(model_admin, address, client, [*fields_asked(model_admin.model), *asked])
    assert not wrong


def test_export_leads_back_to_the_list_from_a_place_that_is_none(lists):
    """What the list does not know its file does not hold."""
    for model_admin, address, client in lists:
        name = model_admin.opts.model_name
        response = client.get(reverse(f"admin:registry_{name}_export"), {"pk__in": NUMBERS[1]})
        assert (response.status_code, response.url) == (302, f"{address}?e=1")


@pytest.mark.parametrize(
    "secret",
    ["user.password", "exportrun.salt", "importrun.token", "calendarfeed.token_digest", "datasubject.history__salt"],
)
def test_secret_is_not_guessed_letter_by_letter(secret, lists):
    """What no page shows no list is narrowed by, for nobody."""
    name, field = secret.split(".")
    _model_admin, address, client = next(each for each in lists if each[0].opts.model_name == name)
    answers = [client.get(address, {f"{field}__{comparison}": "a"}) for comparison in ("startswith", "gte")]
    assert {answer.status_code for answer in answers} <= {302, 400}


@pytest.mark.parametrize("asked", [{"subject": TOO_LARGE}, {"id__in": NUMBERS[1]}, {"given_on__year": "2026"}])
def test_place_that_does_not_exist_leads_to_the_list(asked, client_of_dpo, lapp):
    """The list from its beginning, as Django answers, and a sentence that says so."""
    address = reverse("admin:registry_consent_changelist")
    response = client_of_dpo.get(address, asked)
    assert (response.status_code, response.url) == (302, f"{address}?e=1")
    said = "The address asked this list for what it does not have."
    assert said in client_of_dpo.get(response.url).content.decode()
    assert said not in client_of_dpo.get(address).content.decode()


def test_values_that_rows_can_have_narrow_the_list(client_of_dpo, lapp, subject):
    """The largest number and the last days before the ends of the calendar are found nowhere, and are no error."""
    people, mail = (reverse(f"admin:registry_{name}_changelist") for name in ("datasubject", "message"))
    assert client_of_dpo.get(people, {"id__in": f"{subject.pk},{2**63 - 1}"}).context["cl"].result_count == 1
    assert client_of_dpo.get(people, {"id": 2**63 - 1}).context["cl"].result_count == 0
    assert client_of_dpo.get(people, {"crm_id__startswith": subject.crm_id[:1]}).context["cl"].result_count == 1
    assert client_of_dpo.get(people, {"confirmed_on__lt": "0001-01-02"}).context["cl"].result_count == 0
    assert client_of_dpo.get(mail, {"received_at__lt": "9998-12-31 23:59:59-12:00"}).context["cl"].result_count == 0


SEARCHED_WITHOUT_NAMES = {
    "disclosure": ["", "17-3/456", "№ 17 от 5 мая", "courier", " night-shift_two "],
    "journalentry": ["", "17", " 17 ", str(UUID(int=17)), UUID(int=17).hex.upper()],
}


@pytest.mark.parametrize("model", SEARCHED_WITHOUT_NAMES)
def test_name_typed_into_a_search_does_not_stay_in_the_address(model, client_of_dpo, lapp):
    """The list comes back as it was filtered and says where people are found, and its form sends no name; all else is looked for."""
    address = reverse(f"admin:registry_{model}_changelist")
    for name in ("Қасымова", "Қасымова Әсем", "Kassymova Asem", "²"):
        response = client_of_dpo.get(address, {"q": name, "o": "1"})
        assert (response.status_code, response.url) == (302, f"{address}?o=1")
        page = client_of_dpo.get(response.url).content.decode()
        assert "are looked for here. People are found by the search on top of the page." in page
        [pattern] = re.findall(r'id="searchbar"[^>]* pattern="([^"]+)"', page)
        assert not re.fullmatch(pattern, name)
    for term in SEARCHED_WITHOUT_NAMES[model]:
        assert client_of_dpo.get(address, {"q": term}).status_code == 200
        assert re.fullmatch(pattern, term)


def test_administrator_is_not_sent_to_the_search_of_people(browser_client):
    """They have none."""
    client, address = browser_client(make_user("administrator")), reverse("admin:registry_journalentry_changelist")
    page = client.get(address, {"q": "²"}, follow=True)
    assert page.redirect_chain == [(address, 302)]
    assert "Only numbers and whole uids are looked for here.<" in page.content.decode()


@pytest.mark.parametrize(("model", "hierarchy"), [(Message, "received_at"), (Consent, "given_on")])
def test_date_hierarchy_knows_the_years_of_the_calendar(model, hierarchy, lists, monkeypatch):
    """No list has one yet."""
    model_admin, address, client = next(each for each in lists if each[0].model is model)
    monkeypatch.setattr(model_admin, "date_hierarchy", hierarchy)
    years = ["", "0", "1", "0001", "2026", "9998", "9999", "10000", "x", TOO_LARGE]
    assert not refused(client, address, [(f"{hierarchy}__year", year) for year in years])
    assert not refused(client, address, [(f"{hierarchy}__month", "13"), (f"{hierarchy}__day", TOO_LARGE)])
