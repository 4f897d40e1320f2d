"""Language: Chinese by default, the browser's wish next, a click before all; every word in both."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from databases import Databases
from page_world import Pages, served_pages

from web.app import create_app
from web.auth.words import ACCOUNTS
from web.config import Config
from web.custody_words import CUSTODY
from web.listing_words import LISTING
from web.words import GROUPS

WEB = Path(__file__).resolve().parents[2] / "web"


@pytest.fixture(scope="module")
def pages(databases: Databases) -> Iterator[Pages]:
    with databases.new() as url, served_pages(url, matched=False) as made:
        yield made


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Every word for readers that stands in code and templates now."""
    template = tmp_path_factory.mktemp("pot") / "words.pot"
    command = [sys.executable, "-m", "babel.messages.frontend", "-q", "extract"]
    options = ["-F", str(WEB / "translations" / "babel.cfg"), "-o", str(template), str(WEB)]
    subprocess.run([*command, *options], check=True)
    with template.open("rb") as text:
        return read_po(text)


@pytest.mark.parametrize("locale", ["zh_Hans_CN", "en"])
def test_every_word_is_translated_and_none_is_left_over(wanted: Catalog, locale: str) -> None:
    with (WEB / "translations" / locale / "LC_MESSAGES" / "messages.po").open("rb") as text:
        translated = read_po(text, locale=locale)
    ids = {message.id for message in wanted if message.id}
    have = {message.id for message in translated if message.id}
    assert not ids - have
    assert not have - ids
    assert not [m.id for m in translated if m.id and (not m.string or m.fuzzy)]
    assert not [error for message in translated for error in message.check(translated)]


def test_chinese_is_spoken_unless_the_reader_wishes_english(pages: Pages) -> None:
    assert "待寻去处的废物" in pages.client.get("/outputs").get_data(as_text=True)
    assert "待寻去处的废物" in pages.text("/outputs", "fr")
    assert "待寻去处的废物" in pages.text("/outputs", "zh-TW,zh;q=0.9")
    assert "Outputs looking for an outlet" in pages.text("/outputs", "en-GB,en;q=0.9,zh;q=0.5")
    assert "Outputs looking for an outlet" in pages.text("/outputs?lang=en", "zh")


def test_the_choice_is_remembered(pages: Pages) -> None:
    reader = pages.client.application.test_client()
    reader.get("/?lang=en")
    assert "Matching runs" in reader.get("/runs", headers={"Accept-Language": "zh"}).get_data(as_text=True)
    reader.get("/?lang=zh")
    assert "由新到旧" in reader.get("/runs", headers={"Accept-Language": "en"}).get_data(as_text=True) or (
        "尚未进行撮合" in reader.get("/runs", headers={"Accept-Language": "en"}).get_data(as_text=True)
    )


def test_the_switch_keeps_page_and_filters(pages: Pages) -> None:
    text = pages.text("/outputs?hazard=general&page=1", "zh")
    assert 'href="/outputs?hazard=general&amp;page=1&amp;lang=en"' in text


def test_an_application_starts_where_translations_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(_: Path) -> list[Path]:
        raise PermissionError("read-only")

    monkeypatch.setattr("web.language.compile_messages", refuse)
    app = create_app(Config(database_url=f"sqlite:///{tmp_path / 'x.db'}"))
    assert app.test_client().get("/healthz").get_json() == {"status": "ok"}


def test_no_table_of_words_hides_a_group_of_another() -> None:
    tables = (CUSTODY, LISTING, ACCOUNTS)
    assert sum(map(len, tables)) == len(set().union(*tables))
    assert set(GROUPS["scope"]) == {"general", "bulk"}
