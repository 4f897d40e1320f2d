"""The lists served through the API: a plant in Jiangsu, three provinces, one clock for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from types import ModuleType
from typing import Any

import pytest
from flask.testing import FlaskClient
from listing_world import PAPERS, ListingWorld, pdf
from registry import AT, Registry

from circularity.database import create_engine_for, writing
from web.app import create_app
from web.config import Config

WANTED = {
    "list_kind": "agreed",
    "waste_pattern": "HW34",
    "operation": "R6",
    "accepted_origins": ["31", "33"],
    "valid_from": "2026-01-01",
    "valid_to": "2026-12-31",
    "quota_t": "500",
    "ship_within_days": 30,
}


@dataclass
class Lists:
    """A served registry with a plant in Jiangsu and three provinces; every request names who acts."""

    client: FlaskClient
    ids: dict[str, Any]
    clock: list[datetime] = field(default_factory=lambda: [AT])

    def now(self) -> datetime:
        """The moment on the served clock."""
        return self.clock[0]

    def today(self) -> date:
        """The day on the served clock."""
        return self.clock[0].date()

    def at(self, who: str, path: str) -> str:
        """Return an address below an organisation."""
        return f"/api/v1/organisations/{self.ids[who]}/{path}"

    def get(self, who: str, path: str, status: int = 200) -> Any:
        """Read."""
        answer = self.client.get(self.at(who, path))
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.get_json()

    def post(self, who: str, path: str, body: Any, status: int = 201, **headers: str) -> Any:
        """Make something."""
        answer = self.client.post(self.at(who, path), json=body, headers=headers)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.get_json()

    def do(self, who: str, path: str, act: str, status: int = 200, **facts: Any) -> Any:
        """Take a step with the state that was just read."""
        tag = self.client.get(self.at(who, path)).headers.get("ETag", '"none"')
        return self.send(who, path, {"act": act, **facts}, tag, status)

    def send(self, who: str, path: str, body: Any, tag: str, status: int) -> Any:
        """Change something whose state has this tag."""
        answer = self.client.patch(self.at(who, path), json=body, headers={"If-Match": tag})
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.get_json()

    def paper(self, path: str, kind: str, content: bytes, media: str, status: int = 201) -> Any:
        """Hand a file in for the plant."""
        address = self.at("plant", f"{path}/papers") + f"?kind={kind}&title={kind}"
        answer = self.client.post(address, data=content, content_type=media)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.get_json()

    def submitted(self, kinds: tuple[str, ...] = (*PAPERS, "cooperation"), **wanted: Any) -> str:
        """Begin an application with its papers and hand it in; return its path."""
        body = {"facility_id": self.ids["facility"], "wanted": WANTED | wanted}
        path = f"list-applications/{self.post('plant', 'list-applications', body)['id']}"
        for kind in kinds:
            self.paper(path, kind, pdf(kind), "application/pdf")
        assert self.do("plant", path, "submit")["status"] == "submitted"
        return path

    def published(self, **wanted: Any) -> str:
        """Take an application for a nominated list to its entry; return the entry's path."""
        path = self.submitted(PAPERS, **({"list_kind": "nominated"} | wanted))
        self.do("jiangsu", path, "take_up")
        self.do("jiangsu", path, "visit", visited_on="2026-08-31", findings="与申报一致")
        self.do("jiangsu", path, "approve", reasons="符合条件")
        return f"list-entries/{self.do('jiangsu', path, 'publish', document='苏环名单 1 号')['entry_id']}"


@contextmanager
def served_lists(url: str, monkeypatch: pytest.MonkeyPatch, views: Iterable[ModuleType]) -> Iterator[Lists]:
    """Serve the parties from the fresh database at `url`; `views` tell the time by the served clock."""
    engine = create_engine_for(url)
    with writing(engine).begin() as session:
        world = ListingWorld(Registry(session))
        zhejiang = world.registry.organisation(roles=frozenset({"authority"}), region_code="330000")
        second = world.registry.line(entitlement=world.line.entitlement, waste_pattern="HW17", operation="R4")
        window = world.registry.window(100, world.line)
        session.flush()
        ids = {
            "plant": world.owner.public_id,
            "facility": world.plant.public_id,
            "jiangsu": world.jiangsu.public_id,
            "shanghai": world.shanghai.public_id,
            "zhejiang": zhejiang.public_id,
            "stranger": world.works.organisation.public_id,
            "entitlement": world.line.entitlement.public_id,
            "lines": [world.line.public_id, second.public_id],
            "window": window.public_id,
        }
    engine.dispose()
    app = create_app(Config(database_url=url, secret_key="s" * 32, api_write=True))
    made = Lists(app.test_client(), ids)
    for view in views:
        monkeypatch.setattr(view, "now", made.now)
        monkeypatch.setattr(view, "today", made.today, raising=False)
    yield made
    app.extensions["circularity.engine"].dispose()
