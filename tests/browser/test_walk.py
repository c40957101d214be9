"""Every admin page in Chromium: nothing inline, no error, nothing wider than the screen."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib import admin
from django.db import connection
from django.urls import NoReverseMatch, reverse

from tests.disclosing import make_recipient
from tests.factories import PASSWORD, make_user
from tests.world import make_world

SCREENS = [(1280, "light"), (390, "dark")]
VIEWS = ("changelist", "add", "change", "history", "delete")


def log_in(page, user):
    page.goto("/admin/login/")
    page.fill("#id_username", user.username)
    page.fill("#id_password", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_url("**/admin/")


def walked_world():
    """One record of everything, and somebody whom data may be handed over to."""
    world = make_world("lapp")
    return world | {"acquirer": make_recipient(world["operator"], "buyer", kind="acquirer")}


def show(page, width, scheme):
    """The screen that somebody looks at."""
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)


def addresses(world):
    """Addresses of every page of every model, the desk and the pages of their own."""
    yield from (reverse("admin:index"), reverse("admin:people_search"), reverse("admin:password_change"))
    yield reverse("admin:registry_processingactivity_act", args=[world["processingactivity"].pk, "activate"])
    yield reverse("admin:registry_crossbordertransfer_act", args=[world["crossbordertransfer"].pk, "suspend"])
    yield reverse("admin:registry_recipient_handover", args=[world["acquirer"].pk])
    for act in (
        "consent_withdraw", "datasubject_withdraw", "datasubject_block", "datasubject_permissions", "disclosure_tell", "obligation_fulfil",
        "database_merge", "legalbasis_decide", "grounddecision_revoke",
    ):  # fmt: skip
        yield reverse(f"admin:registry_{act}", args=[world[act.partition("_")[0]].pk])
    for model in admin.site._registry:
        name = model._meta.model_name
        for view in VIEWS:
            record = world[name]
            try:
                yield reverse(f"admin:registry_{name}_{view}", args=[record.pk] if view in VIEWS[2:] else [])
            except NoReverseMatch:
                continue
    for extra in (
        "datasubject_import", "exportrun_register", "exportrun_registered", "exportrun_audit", "exportrun_permissions",
        "crossbordertransfer_what_if",
    ):  # fmt: skip
        try:
            yield reverse(f"admin:registry_{extra}")
        except NoReverseMatch:
            continue


@pytest.mark.parametrize("role", ["dpo", "auditor", "administrator"])
def test_no_page_complains(role, page, transactional_db):
    """Every page a role reaches loads under the strict policy, without an error, and fits 1280 and 390 pixels."""
    world = walked_world()
    user = make_user(role, world["operator"])
    log_in(page, user)
    reached, too_wide = 0, []
    for width, scheme in SCREENS:
        show(page, width, scheme)
        for address in addresses(world):
            response = page.goto(address)
            if response.status in (403, 404):
                # The refusal itself is drawn; the browser logs the status as an error of the network.
                page.complaints = [each for each in page.complaints if "status of 40" not in each]
                continue
            assert response.status == 200, address
            reached += 1
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                too_wide.append(f"{width}: {address}")
    assert not page.complaints
    assert not too_wide
    assert reached > 10


@pytest.mark.skipif(connection.vendor != "sqlite", reason="A page is the same text on every database; once is enough.")
@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_axe_finds_nothing(width, scheme, page, transactional_db):
    """No page hinders those who read it by ear, by keyboard, or with little contrast, as far as axe can tell."""
    world = walked_world()
    log_in(page, make_user("dpo", world["operator"]))
    show(page, width, scheme)
    axe, found, looked_at = Axe(), {}, 0
    for address in addresses(world):
        if page.goto(address).status != 200:
            continue
        looked_at += 1
        for violation in axe.run(page).response["violations"]:
            for node in violation["nodes"]:
                found.setdefault((violation["id"], node["html"][:200]), []).append(address)
    assert looked_at > 50
    assert not found


def test_slash_focuses_the_search(page, transactional_db):
    """The search is one key away."""
    world = make_world("lapp")
    log_in(page, make_user("dpo", world["operator"]))
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "people-search"
    page.keyboard.type("Қасымова")
    page.keyboard.press("Enter")
    page.wait_for_url("**/find-a-person/")
    assert "Қасымова Әсем" in page.inner_text("table")
    assert not page.complaints
