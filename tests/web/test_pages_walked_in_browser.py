"""One deal walked in a real browser, from its proposal to its treatment and its sheet of paper."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from desk_world import BRICKS, POWER, Desk, desk
from werkzeug.serving import make_server

from circularity.database import create_engine_for, upgrade

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
ENGLISH = {POWER: "Fictional Power", BRICKS: "Fictional Bricks"}


@dataclass
class Visitor:
    """A browser's page; every page it lands on must fit its width, and complain of nothing."""

    page: Any
    base: str
    width: int
    faults: list[str] = field(default_factory=list)

    def look(self) -> None:
        assert self.page.evaluate("document.documentElement.scrollWidth") == self.width, self.page.url
        assert not self.faults, (self.page.url, self.faults)

    def go(self, address: str) -> None:
        self.page.goto(address if address.startswith("http") else self.base + address)
        self.look()

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).first.click()
        self.page.wait_for_load_state()
        assert "This was not done" not in self.page.content(), self.page.locator("[role=alert]").inner_text()
        self.look()

    def fill(self, **typed: str) -> None:
        for name, text in typed.items():
            self.page.fill(f"[name='{name}']", text)

    def act_as(self, party: str, side: str) -> None:
        self.go(f"/acting?q={party}&lang=en")
        self.page.get_by_label("Name of the person").first.fill("张三")
        self.press(side)
        assert ENGLISH[party] in self.page.locator(".acting").inner_text()


@contextmanager
def visit(at_work: Desk, width: int) -> Iterator[Visitor]:
    """Serve the desk and open a browser of a width on it."""
    server = make_server("127.0.0.1", 0, at_work.pages.client.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = chromium.new_page(viewport={"width": width, "height": 900})
        visitor = Visitor(page, f"http://127.0.0.1:{server.server_port}", width)
        page.on("console", lambda said: visitor.faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: visitor.faults.append(str(error)))
        yield visitor
        chromium.close()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("width", [1440, 390])
def test_one_deal_goes_from_its_proposal_to_its_treatment(tmp_path: Path, width: int) -> None:
    url = f"sqlite:///{tmp_path / 'desk.db'}"  # what a browser shows does not depend on the database
    engine = create_engine_for(url)
    upgrade(engine)
    engine.dispose()
    with desk(url) as at_work, visit(at_work, width) as visitor:
        deal = _agree(visitor)
        transfer = _send(visitor, deal)
        _receive(visitor, transfer)
        _treat(visitor)
        visitor.act_as(POWER, "Generator")
        visitor.go("/desk")
        assert "new treatments of your loads" in visitor.page.content()
        visitor.go("/treatments")
        visitor.press("Fictional Bricks")
        assert "Seen by you" in visitor.page.content()
        for lang in ("zh", "en"):
            _print(visitor, f"{transfer}/print?lang={lang}")


def _agree(visitor: Visitor) -> str:
    """Accept the proposal as the generator, confirm it as the plant; return the deal's address."""
    visitor.act_as(POWER, "Generator")
    visitor.go("/proposals")
    visitor.page.locator("tr", has_text="Fictional Bricks").get_by_role("link").first.click()
    visitor.press("Accept and reserve")
    deal: str = visitor.page.url
    visitor.act_as(BRICKS, "Facility")
    visitor.go(deal)
    visitor.press("Confirm: it is agreed")
    return deal


def _send(visitor: Visitor, deal: str) -> str:
    """Draft a trip, sign it as sender and as carrier; return its address."""
    visitor.act_as(POWER, "Generator")
    visitor.go(deal)
    visitor.page.get_by_role("link", name="Draft a transfer").click()
    visitor.fill(**{"lines.1.sent_t": "30", "carriers.1.vehicle": "沪A12345"})
    suggested = visitor.page.locator("#carrier-names option").first.get_attribute("value")
    assert suggested.startswith("Fictional")
    carrier = visitor.page.locator("#carrier-names option[value^='Fictional Power']").get_attribute("value")
    visitor.fill(**{"carriers.1.carrier": carrier})
    visitor.press("Keep the draft")
    visitor.press("Sign as the sender")
    visitor.press("Sign as carrier 1 and take over")
    address: str = visitor.page.url
    return address


def _receive(visitor: Visitor, transfer: str) -> None:
    """Weigh the load at the gate, accept all of it, and sign."""
    visitor.act_as(BRICKS, "Facility")
    visitor.go(transfer)
    visitor.press("Note arrival at the gate")
    visitor.fill(**{"lines.1.received_t": "30"})
    visitor.press("Keep the weights")
    visitor.press("Sign the verdict")
    assert "Every digest verified just now" in visitor.page.content()


def _treat(visitor: Visitor) -> None:
    visitor.go("/treatments")
    visitor.page.get_by_label("All that is left").check()
    visitor.page.select_option("[name='operation']", "C2")
    visitor.fill(**{"results.1.mass_t": "29", "results.4.mass_t": "1"})
    visitor.press("Record it")
    assert "29" in visitor.page.locator("tbody tr").first.inner_text()


def _print(visitor: Visitor, address: str) -> None:
    """On paper it is one page, with its code and the sentence of what it does not replace."""
    visitor.go(address)
    assert "平台转移记录，不替代国家危险废物转移联单" in visitor.page.inner_text(".disclaimer")
    code = visitor.page.locator("header img")
    assert code.evaluate("image => image.complete && image.naturalWidth > 0")
    pages = re.findall(rb"/Type\s*/Page\b", visitor.page.pdf(format="A4", prefer_css_page_size=True))
    assert len(pages) == 1
