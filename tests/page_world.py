"""A served registry for tests of the pages: fictional parties, one lot placed, one conditional, one left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from registry import ACID, ACTOR, ANHUI, AT, JIANGSU, Registry

from circularity.database import create_engine_for, writing
from circularity.jobs import MATCHING, ask_for
from circularity.runs.stored import MatchingRun
from matching.database.run import run_matching
from web.app import create_app
from web.config import Config

PAYLOAD = "<script>alert(1)</script>"
ALWAYS = {"available_from": None, "available_to": None}


@dataclass(frozen=True)
class Pages:
    """A client and the public ids of what is in the registry."""

    client: FlaskClient
    ids: dict[str, str]

    def text(self, address: str, lang: str = "en", status: int = 200) -> str:
        """Return a page in one language, having checked its status."""
        answer = self.client.get(address, headers={"Accept-Language": lang})
        assert answer.status_code == status, address
        return answer.get_data(as_text=True)

    def addresses(self) -> list[str]:
        """Return one address of every page."""
        ids = self.ids
        return [
            "/", "/outputs", f"/outputs/{ids['ash']}", f"/outputs/{ids['acid']}", "/facilities",
            f"/facilities/{ids['plant']}", f"/facilities/{ids['acid_plant']}", "/whitelist", "/runs",
            f"/runs/{ids['run']}", f"/jobs/{ids['job']}", "/rates", "/catalogue", "/method",
        ]  # fmt: skip


@contextmanager
def served_pages(url: str, *, matched: bool = True, open_to_write: bool = False) -> Iterator[Pages]:
    """Fill the fresh database at `url` and serve it, with one run unless told otherwise."""
    engine = create_engine_for(url)
    with writing(engine).begin() as session:
        ids = _fill(Registry(session), session)
    if matched:
        key = run_matching(engine, actor=ACTOR, at=AT)
        with writing(engine).begin() as session:
            run = session.get(MatchingRun, key)
            assert run is not None
            ids["run"] = run.public_id
            ids["job"] = ask_for(session, actor=ACTOR, at=AT, kind=MATCHING).public_id
    engine.dispose()
    app = create_app(Config(database_url=url, secret_key="s" * 32, api_write=open_to_write))
    try:
        yield Pages(app.test_client(use_cookies=False), ids)
    finally:
        app.extensions["circularity.engine"].dispose()


def _fill(registry: Registry, session: Any) -> dict[str, str]:
    """Post 1000 t of ash and 80 t of acid in Shanghai; offer 600 t in Shanghai, 300 t in Anhui, 50 t acid."""
    generator = registry.organisation(
        name_zh="虚构发电有限公司", name_en=f"Fictional Power {PAYLOAD}", fictional=True
    )
    here = registry.site(organisation=generator)
    ash = registry.output(1_000, site=here, **ALWAYS)
    acid = registry.output(80, ACID, site=here, **ALWAYS)
    plants = [
        registry.facility(site=registry.site(place, organisation=registry.organisation(**names)))
        for place, names in (
            (registry_place, {"name_zh": zh, "name_en": en, "fictional": True})
            for registry_place, zh, en in (
                ((31.222, 121.458, "310100"), "虚构建材有限公司", "Fictional Bricks"),
                (ANHUI, "虚构水泥有限公司", "Fictional Cement"),
                (JIANGSU, "虚构再生酸有限公司", "Fictional Acids"),
            )
        )
    ]
    registry.window(600, registry.line(plants[0]), gate_fee_ucny_per_kg=12_300, **ALWAYS)
    registry.window(300, registry.line(plants[1]), **ALWAYS)
    licence = registry.licence(plants[2])
    line = registry.line(entitlement=licence, waste_pattern="HW34", operation="R6")
    registry.window(50, line, **ALWAYS)
    registry.listing(plants[2])
    session.flush()
    return {
        "ash": ash.public_id,
        "acid": acid.public_id,
        "plant": plants[0].public_id,
        "acid_plant": plants[2].public_id,
    }
