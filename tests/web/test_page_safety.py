"""Promises about every answer: headers, no script but ours, no figure its owner has not published."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_world import World, world
from databases import Databases
from page_world import Pages, served_pages
from test_api_confidentiality import markers, numbers

from circularity.errors import (
    BadInput,
    CircularityError,
    InputProblem,
    NotFound,
    RuleBroken,
    Stale,
    Unavailable,
)
from web.app import create_app
from web.config import BadSetting, Config, read_config
from web.errors import status_of

TEMPLATES = sorted((Path(__file__).resolve().parents[2] / "web" / "templates").glob("*.html"))


@pytest.fixture(scope="module")
def pages(databases: Databases) -> Iterator[Pages]:
    with databases.new() as url, served_pages(url) as made:
        yield made


@pytest.fixture(scope="module")
def real(databases: Databases) -> Iterator[World]:
    with databases.new() as url, world(url) as made:
        yield made


def test_scripts_come_from_our_own_origin_only(pages: Pages) -> None:
    for address in [*pages.addresses(), "/nowhere", "/healthz", "/static/icon.svg"]:
        with pages.client.get(address) as answer:
            policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy


def test_every_answer_carries_the_other_headers(pages: Pages) -> None:
    headers = pages.client.get("/").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_inline_script_style_or_unescaped_text(template: Path) -> None:
    text = template.read_text("utf-8")
    assert not [tag for tag in re.findall(r"<script\b[^>]*>", text) if " src=" not in tag]
    assert not re.search(r"\son[a-z]+\s*=", text)
    assert "javascript:" not in text
    assert "<style" not in text
    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"\|\s*safe\b|autoescape false|Markup", text)
    assert not re.search(r"(src|href)=\"https?://", text)


def test_pages_with_real_parties_tell_nothing_unpublished(real: World) -> None:
    ids = real.ids
    addresses = [
        "/", "/outputs", f"/outputs/{ids['output_id']}", f"/outputs/{ids['public_output_id']}", "/facilities",
        f"/facilities/{ids['facility_id']}", "/whitelist", "/runs", f"/runs/{ids['run_id']}",
    ]  # fmt: skip
    for address in addresses:
        text = real.client.get(address).get_data(as_text=True)
        # Decimals of drawings and times are no figures of anybody.
        shown = re.sub(r'(?:v|width|x)="?=?[\d.]+', "", text)
        assert not markers() & numbers(shown), address
        assert "申请中的文件" not in text
        assert "演示数据" not in text


def test_flows_of_few_real_senders_are_added_up(real: World, pages: Pages) -> None:
    shown = real.client.get(f"/runs/{real.ids['run_id']}?lang=en").get_data(as_text=True)
    assert "Coal fly ash</td>" not in shown  # two senders
    assert "Coal fly ash</td>" in pages.text(f"/runs/{pages.ids['run']}")  # one, and fictional


def test_a_published_output_is_exact_and_an_unpublished_one_banded(real: World) -> None:
    text = real.client.get("/outputs?lang=en").get_data(as_text=True)
    assert "1,000–10,000" in text  # the secret 4321.987 t
    assert 'title="1,000.000 t"' in text


def test_a_request_may_not_be_larger_than_the_limit(tmp_path: Path) -> None:
    app = create_app(Config(database_url=f"sqlite:///{tmp_path / 'x.db'}", max_body_bytes=10))

    @app.post("/echo")
    def echo() -> str:
        from flask import request  # noqa: PLC0415 - loaded only where it is used

        return request.get_data(as_text=True)

    answer = app.test_client().post("/echo?lang=en", data=b"x" * 11)
    assert answer.status_code == 413
    assert "too large" in answer.get_data(as_text=True)


def test_a_failure_tells_the_reader_nothing_of_our_inside(databases: Databases) -> None:
    with databases.new(migrated=False) as url:
        app = create_app(Config(database_url=url))
        answer = app.test_client().get("/outputs?lang=en")  # there are no tables
        app.extensions["circularity.engine"].dispose()
    assert answer.status_code == 500
    text = answer.get_data(as_text=True)
    assert "went wrong" in text
    assert databases.name not in text.lower()
    assert "SELECT" not in text


def test_readiness_asks_the_database(pages: Pages, databases: Databases, tmp_path: Path) -> None:
    assert pages.client.get("/readyz").status_code == 200
    with databases.new(migrated=False) as url:
        app = create_app(Config(database_url=url))
        answer = app.test_client().get("/readyz")
        app.extensions["circularity.engine"].dispose()
    assert (answer.status_code, answer.get_json()["status"]) == (503, "unavailable")
    away = create_app(Config(database_url=f"sqlite:///{tmp_path / 'no' / 'folder.db'}"))
    assert away.test_client().get("/readyz").get_json()["database"] == "unreachable"


def test_each_reason_has_its_status() -> None:
    problem = InputProblem("f", None, None, "rule", "", "", "")
    table = {
        404: NotFound("c", "", ""),
        409: Stale("c", "", ""),
        422: RuleBroken("c", "", ""),
        500: CircularityError("c", "", ""),
        503: Unavailable("c", "", ""),
    }
    assert {status: status_of(error) for status, error in table.items()} == {s: s for s in table}
    assert status_of(BadInput([problem])) == 422


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CIRC_SECRET_KEY", "short"),
        ("CIRC_TILES_URL", "http://tiles.example/{z}"),
        ("CIRC_MAX_BODY_BYTES", "0"),
        ("CIRC_MAX_BODY_BYTES", "1e6"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        read_config({name: value})


def test_online_tiles_are_allowed_by_origin_only_when_configured(tmp_path: Path) -> None:
    config = Config(
        database_url=f"sqlite:///{tmp_path / 'x.db'}", tiles_url="https://{s}.tiles.example/{z}/{x}/{y}.png"
    )
    policy = create_app(config).test_client().get("/healthz").headers["Content-Security-Policy"]
    assert "img-src 'self' data: https://*.tiles.example;" in policy
