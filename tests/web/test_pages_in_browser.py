"""Pages in a real browser: charts and map are drawn, nothing outside is asked, nothing runs over the edge."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from databases import Databases
from page_world import Pages, served_pages
from werkzeug.serving import make_server

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def site(databases: Databases) -> Iterator[tuple[Pages, str]]:
    with databases.new() as url, served_pages(url) as pages:
        server = make_server("127.0.0.1", 0, pages.client.application, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield pages, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield chromium
        chromium.close()


def test_no_page_is_wider_than_a_phone_or_complains(site: tuple[Pages, str], browser: Any) -> None:
    pages, base = site
    page = browser.new_page(viewport={"width": 390, "height": 844})
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith(base) else faults.append(asked.url))
    for address in pages.addresses():
        for lang in ("zh", "en"):
            page.goto(f"{base}{address}?lang={lang}", wait_until="networkidle")
            assert page.evaluate("document.documentElement.scrollWidth") == 390, (address, lang)
            assert not faults, (address, lang)
    page.close()


def test_chart_and_map_are_drawn_and_follow_the_theme(site: tuple[Pages, str], browser: Any) -> None:
    _, base = site
    page = browser.new_page(color_scheme="light")
    page.goto(f"{base}/?lang=en", wait_until="networkidle")
    label = page.locator("[data-sankey] svg text", has_text="Shanghai").first
    assert page.locator("[data-map] .leaflet-interactive").count() >= 3  # one dot for each plant
    light = label.get_attribute("fill")
    page.click("[data-theme-toggle]")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.locator("[data-sankey] svg text", has_text="Shanghai").first.get_attribute("fill") != light
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.close()


def test_a_filter_replaces_the_table_and_its_address_alone(site: tuple[Pages, str], browser: Any) -> None:
    pages, base = site
    page = browser.new_page()
    page.goto(f"{base}/outputs?lang=en", wait_until="networkidle")
    assert page.locator("#results tbody tr").count() == 2
    with page.expect_response(lambda answer: "stream=acid" in answer.url):
        page.select_option("#stream", "acid")
    page.wait_for_url("**stream=acid**")
    assert page.locator("#results tbody tr").count() == 1
    assert pages.ids["acid"] in page.locator("#results").inner_html()
    page.close()
