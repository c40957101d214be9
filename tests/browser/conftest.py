"""A real browser on a real server. Where Chromium is missing the tests say so; REQUIRE_BROWSER=1 makes that a failure."""

import os
import shutil

import pytest

# Playwright keeps an event loop in this thread; the ORM is used between its calls, never inside them.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
FLAGS = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run"


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("Chromium is required (REQUIRE_BROWSER=1) and not found: install it.")
        pytest.skip("Chromium is not found: install it to run the browser tests.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture
def page(chromium, live_server):
    """A page that remembers everything the browser complained about in `page.complaints`.

    A click that leads to another page ends when that page is loaded: by itself it ends when the page's first bytes come.
    """
    context = chromium.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 800}, locale="en-GB")
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda said: said.type == "error" and page.complaints.append(f"{page.url}: {said.text}"))
    page.on("pageerror", lambda error: page.complaints.append(f"{page.url}: {error}"))
    page.add_init_script(
        "addEventListener('securitypolicyviolation', e => console.error('CSP ' + e.violatedDirective + ' ' + e.blockedURI))"
    )
    click = page.click

    def click_and_load(selector, **options):
        click(selector, **options)
        page.wait_for_load_state()

    page.click = click_and_load
    yield page
    context.close()
