"""The matrix operator × role × admin URL: the current operator and the role decide everything, in one place."""

import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse

from registry.models import JournalEntry, Membership, Purpose
from tests.factories import make_user, save
from tests.forms import form_fields
from tests.world import make_feed, make_world

pytestmark = pytest.mark.django_db

# By hand, so that a slip in the table of grants shows: v list and open, a add, c change, d delete, i import, e export.
REGISTER = (
    "purpose legalbasis datacategory subjectcategory database retentionrule securitymeasure tracker recipient "
    "crossbordertransfer responsibleperson requestmark processingactivity policy clause"
).split()
CODED = (
    "purpose legalbasis datacategory subjectcategory database retentionrule securitymeasure tracker recipient "
    "crossbordertransfer"
).split()
DPO = (
    dict.fromkeys(REGISTER, "vacde")
    | dict.fromkeys(CODED, "vacdie")
    | {"requestmark": "vacdie", "responsibleperson": "vacdie", "processingactivity": "vacie", "clause": "vacie"}
    | {"policy": "vace", "operator": "vce"}
    | {"law": "ve", "norm": "ve", "deadlinerule": "ve", "dayoverride": "ve", "countryprotection": "ve"}
    | {"datasubject": "vacie", "consent": "ve", "agreement": "ve"}
    | {"disclosure": "vae", "grounddecision": "ve", "undertaking": "vace"}
    | {"subjectrequest": "vace", "authorityrequest": "vace", "message": "ve", "calendarfeed": "vae"}
    | {
        "suppression": "ve",
        "block": "ve",
        "obligation": "ve",
        "importsource": "vace",
        "importrun": "ve",
        "handoverrun": "ve",
        "tellingrun": "ve",
        "exportrun": "ve",
        "journalentry": "ve",
        "user": "",
        "membership": "",
    }
)
RIGHTS = {
    "dpo": DPO,
    "registrar": dict.fromkeys(DPO, "v")
    | {"datasubject": "vaci", "importsource": "vac", "exportrun": "", "journalentry": "", "user": "", "membership": ""}
    | {"subjectrequest": "vac", "authorityrequest": "vac", "calendarfeed": "va", "disclosure": "va"},
    "auditor": dict.fromkeys(DPO, "ve") | {"datasubject": "v", "calendarfeed": "", "user": "", "membership": ""},
    "administrator": dict.fromkeys(DPO, "")
    | {
        "law": "ve",
        "norm": "ve",
        "deadlinerule": "ve",
        "dayoverride": "ve",
        "countryprotection": "ve",
        "operator": "ve",
    }
    | {"user": "vace", "membership": "vacde", "journalentry": "ve"},
    "stranger": dict.fromkeys(DPO, ""),
}
# What all operators share is nobody's own: there is no foreign record of it.
SHARED = {"law", "norm", "deadlinerule", "dayoverride", "countryprotection"}
VIEWS = {"changelist": "v", "add": "a", "change": "v", "history": "v", "delete": "d", "import": "i", "export": "e"}
OF_A_RECORD = {"change", "history", "delete"}
GUESSED = 987654321


@pytest.fixture
def worlds(db):
    """Two operators with one record of everything each."""
    return {"lapp": make_world("lapp"), "kazger": make_world("kazger")}


def user_of(role, operator):
    return make_user("dpo") if role == "stranger" else make_user(role, operator)


def url_of(model, view, pk=None):
    try:
        return reverse(f"admin:registry_{model}_{view}", args=[pk] if view in OF_A_RECORD else [])
    except NoReverseMatch:
        return None


def test_every_registered_model_has_a_row():
    """A model that joins the admin joins the matrix."""
    registered = {model._meta.model_name for model in admin.site._registry}
    assert registered == set(DPO)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("role", RIGHTS)
def test_own_operator(role, view, worlds, browser_client):
    """In their own operator people reach what their role allows, and nothing else."""
    own = worlds["lapp"]
    user = user_of(role, own["operator"])
    client = browser_client(user)
    found = {}
    for model, rights in RIGHTS[role].items():
        record = own["operator"] if model == "operator" else own[model]
        if model == "calendarfeed":  # of a colleague's nobody is told
            record = make_feed(user, own["operator"])
        if model == "journalentry" and role == "administrator":
            record = JournalEntry.objects.filter(operator="").first()
        if (url := url_of(model, view, record.pk)) is None:
            continue
        if view == "history" and model in (
            "user",
            "importrun",
            "handoverrun",
            "tellingrun",
            "exportrun",
            "journalentry",
        ):
            rights = ""  # not tracked: there is no history
        found[model] = (client.get(url).status_code == 200, VIEWS[view] in rights)
    wrong = {model: f"reached={reached}" for model, (reached, expected) in found.items() if reached != expected}
    assert not wrong


@pytest.mark.parametrize("view", sorted(OF_A_RECORD))
@pytest.mark.parametrize("role", ["dpo", "registrar", "auditor", "stranger"])
def test_foreign_operator(role, view, worlds, browser_client):
    """A record of another operator does not exist, whoever asks and whatever they ask for."""
    own, foreign = worlds["lapp"], worlds["kazger"]
    client = browser_client(user_of(role, own["operator"]))
    for model in DPO:
        if model in SHARED:
            continue
        for pk in (foreign[model].pk, GUESSED):
            status = client.get(url_of(model, view, pk)).status_code
            allowed = {404} if RIGHTS[role][model] else {403, 404, 302}
            if VIEWS[view] not in RIGHTS[role][model]:
                allowed |= {403}
            assert status in allowed, f"{model} {view} {pk}: {status}"


@pytest.mark.parametrize("role", ["dpo", "registrar", "auditor"])
def test_lists_and_choices_are_of_the_current_operator(role, worlds, browser_client):
    """No list, filter or choice shows anything of another operator."""
    client = browser_client(user_of(role, worlds["lapp"]["operator"]))
    for model, rights in RIGHTS[role].items():
        for view in ("changelist", "add"):
            if VIEWS[view] in rights:
                text = client.get(url_of(model, view)).content.decode()
                assert "kazger" not in text.casefold(), f"{model} {view}"


def test_autocomplete_is_of_the_current_operator(worlds, browser_client):
    """Pickers search the current operator's records only, and never people: a name would stand in an address."""
    client = browser_client(user_of("dpo", worlds["lapp"]["operator"]))
    url = reverse("admin:autocomplete")
    asked = {"app_label": "registry", "model_name": "activitypurpose", "field_name": "purpose", "term": "email"}
    results = client.get(url, asked).json()["results"]
    assert [result["id"] for result in results] == [str(worlds["lapp"]["purpose"].pk)]
    people = asked | {"model_name": "consent", "field_name": "subject"}
    assert client.get(url, people).status_code in (403, 404)


def test_foreign_choice_is_refused(worlds, browser_client):
    """A hidden field edited to point at another operator's record saves nothing."""
    client = browser_client(user_of("dpo", worlds["lapp"]["operator"]))
    activity, basis = worlds["lapp"]["processingactivity"], worlds["kazger"]["legalbasis"]
    link = worlds["lapp"]["activitypurpose"]
    form = client.get(url_of("processingactivity", "change", activity.pk)).context
    fields = form_fields(form)
    assert fields["purposes-0-basis"] == worlds["lapp"]["legalbasis"].pk
    fields["purposes-0-basis"] = basis.pk
    response = client.post(url_of("processingactivity", "change", activity.pk), fields)
    assert response.status_code == 200
    link.refresh_from_db()
    assert link.basis == worlds["lapp"]["legalbasis"]


def test_own_other_operator_offers_the_switch(worlds, browser_client):
    """A link to a record of another of my operators offers to switch, and then opens it."""
    user = make_user("dpo", worlds["lapp"]["operator"], worlds["kazger"]["operator"])
    client = browser_client(user)
    client.post(reverse("admin:switch_operator"), {"operator": worlds["lapp"]["operator"].pk})
    url = url_of("purpose", "change", worlds["kazger"]["purpose"].pk)
    offer = client.get(url)
    assert offer.templates[0].name == "admin/other_operator.html"
    fields = {"operator": worlds["kazger"]["operator"].pk, "next": url, "keep": "1"}
    assert client.post(reverse("admin:switch_operator"), fields).url == url
    assert client.get(url).context["original"] == worlds["kazger"]["purpose"]


def test_switch_to_a_foreign_operator_is_refused(worlds, browser_client):
    """Nobody works under an operator they are no member of."""
    client = browser_client(user_of("dpo", worlds["lapp"]["operator"]))
    response = client.post(reverse("admin:switch_operator"), {"operator": worlds["kazger"]["operator"].pk})
    assert response.status_code == 404


def test_role_removed_counts_at_the_next_request(worlds, browser_client):
    """Rights end with the membership, not with the session."""
    user = user_of("registrar", worlds["lapp"]["operator"])
    client = browser_client(user)
    assert client.get(url_of("datasubject", "changelist")).status_code == 200
    user.memberships.update(role="auditor")
    assert client.get(url_of("datasubject", "add")).status_code == 403


def test_refusals_are_in_the_journal(worlds, browser_client):
    """A foreign record asked for is an entry with the actor and the kind of record, and nothing else."""
    user = user_of("dpo", worlds["lapp"]["operator"])
    browser_client(user).get(url_of("datasubject", "change", worlds["kazger"]["datasubject"].pk))
    entry = JournalEntry.objects.latest("seq")
    assert (entry.action, entry.actor, entry.object_type) == ("refused", user.pk, "datasubject")
    assert '"reason_code":"404"' in entry.body


def test_permission_on_a_record_is_that_of_its_operator(worlds):
    """Asked about a record, the backend answers for its operator, not for the role alone."""
    user = user_of("dpo", worlds["lapp"]["operator"])
    assert user.has_perm("registry.change_purpose", worlds["lapp"]["purpose"])
    assert not user.has_perm("registry.change_purpose", worlds["kazger"]["purpose"])


def test_offer_of_the_switch_is_told(worlds, browser_client):
    """Asking for a record of one's other operator is an entry of the one worked under."""
    user = make_user("dpo", worlds["lapp"]["operator"], worlds["kazger"]["operator"])
    client = browser_client(user)
    client.post(reverse("admin:switch_operator"), {"operator": worlds["lapp"]["operator"].pk})
    client.get(url_of("purpose", "change", worlds["kazger"]["purpose"].pk))
    entry = JournalEntry.objects.latest("seq")
    assert (entry.action, entry.operator) == ("refused", "lapp")
    assert '"reason_code":"other_operator"' in entry.body


def test_switch_is_told_to_the_operator_left_in_the_role_held_there(worlds, browser_client):
    """An auditor of the next operator does not act there as DPO."""
    user = make_user("dpo", worlds["lapp"]["operator"])
    save(Membership(user=user, operator=worlds["kazger"]["operator"], role="auditor"))
    client = browser_client(user)
    client.post(reverse("admin:switch_operator"), {"operator": worlds["lapp"]["operator"].pk})
    client.post(reverse("admin:switch_operator"), {"operator": worlds["kazger"]["operator"].pk})
    entry = JournalEntry.objects.latest("seq")
    assert (entry.action, entry.operator) == ("operator.switch", "lapp")
    assert '"role":"dpo"' in entry.body


@pytest.mark.parametrize("view", ["add", "change"])
def test_form_of_another_operator_saves_nothing_after_a_switch(view, worlds, browser_client):
    """A form drawn for one operator and posted after a switch in another tab writes into neither."""
    user = make_user("dpo", worlds["lapp"]["operator"], worlds["kazger"]["operator"])
    client = browser_client(user)
    client.post(reverse("admin:switch_operator"), {"operator": worlds["lapp"]["operator"].pk})
    url = url_of("purpose", view, worlds["lapp"]["purpose"].pk)
    fields = form_fields(client.get(url).context, code="typed", name_en="Typed")
    client.post(reverse("admin:switch_operator"), {"operator": worlds["kazger"]["operator"].pk})
    response = client.post(url, fields)
    assert response.templates[0].name == "admin/other_operator.html"
    assert not Purpose.objects.filter(code="typed").exists()


def test_auditor_cannot_sort_by_what_is_hidden(worlds, browser_client):
    """A column that is not shown orders nothing."""
    client = browser_client(user_of("auditor", worlds["lapp"]["operator"]))
    shown = client.get(url_of("datasubject", "changelist")).context["cl"]
    assert "email" not in shown.list_display and "email" not in (shown.sortable_by or [])


@pytest.mark.parametrize("asked", ["?action=a%00", "?q=%00"])
def test_nul_in_an_address_is_a_bad_request(worlds, browser_client, asked):
    """No record is called so, and PostgreSQL would answer with an error."""
    client = browser_client(user_of("dpo", worlds["lapp"]["operator"]))
    assert client.get(url_of("journalentry", "changelist") + asked).status_code == 400
