"""Every route names its permission: one row per method and endpoint, none missing, none left over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from circularity.lifecycle import MACHINES
from circularity.policy.verbs import RULES
from circularity.policy_facts import KINDS
from web.app import create_app
from web.config import Config
from web.permissions import ACTS, PERMISSIONS, permission_of

FREE = {"HEAD", "OPTIONS"}
WITHIN = {"paper_id", "link_id"}
"""Pieces of what is looked for within its thing alone."""
BEFORE_SIGNING_IN = {
    "match.match_case", "pages.try_workbook", "auth.enter", "auth.enter_code", "auth.log_out",
    "auth.begin_sign_up", "auth.make_sign_up", "auth.ask_reset", "auth.set_password", "auth.take_invitation",
    "auth.go_to_provider",
}  # fmt: skip
"""What computes and keeps nothing, and how one comes to be signed in."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    made = create_app(
        Config(database_url=f"sqlite:///{tmp_path_factory.mktemp('routes') / 'x.db'}", accounts=True)
    )
    yield made
    made.extensions["circularity.engine"].dispose()


def routes(app: Flask) -> list[tuple[str, Rule]]:
    """Every method and rule that the application answers."""
    return [(method, rule) for rule in app.url_map.iter_rules() for method in (rule.methods or set()) - FREE]


def test_every_route_names_its_permission(app: Flask) -> None:
    unnamed = [f"{method} {rule.endpoint}" for method, rule in routes(app)
               if permission_of(method, rule.endpoint) is None]  # fmt: skip
    assert not unnamed, "write a row into web/permissions.txt"


def test_no_row_is_left_over_from_a_route_that_is_gone(app: Flask) -> None:
    assert set(PERMISSIONS) == {(method, rule.endpoint) for method, rule in routes(app)}


def test_a_new_route_without_a_row_is_found() -> None:
    assert permission_of("POST", "desk.a_route_of_tomorrow") is None
    assert permission_of("DELETE", "pages.start") is None


def test_every_row_names_a_verb_and_a_thing_that_exist() -> None:
    for key, permission in PERMISSIONS.items():
        assert permission.verb in RULES, key
        assert not permission.kind or permission.kind in KINDS, key
        assert {kind for kind, _ in permission.named} <= {*KINDS, "Self"}, key
        assert set(permission.acts.values()) <= set(RULES), key


def test_what_is_about_one_thing_of_a_party_says_where_its_id_stands(app: Flask) -> None:
    """A row whose verb is for the sides of a thing, at an address with an id, must name every id of it."""
    for method, rule in routes(app):
        permission = permission_of(method, rule.endpoint)
        assert permission is not None
        pieces = {name for name in rule.arguments if name.endswith("_id")} - WITHIN
        if pieces and RULES[permission.verb].is_about_a_thing:
            known = {permission.where, *(name for _, name in permission.named)}
            assert pieces <= known, rule.rule


def test_state_is_only_changed_by_verbs_that_need_more_than_to_read(app: Flask) -> None:
    for method, rule in routes(app):
        permission = permission_of(method, rule.endpoint)
        assert permission is not None
        if method != "GET" and rule.endpoint not in BEFORE_SIGNING_IN:
            assert RULES[permission.verb].scope != "read", rule.rule
            assert RULES[permission.verb].open_to != "anyone", rule.rule


def test_every_act_of_the_lifecycles_that_a_party_takes_is_known_to_the_table_or_asks_for_the_rows_verb() -> (
    None
):
    """Acts of authorities must never fall back to a verb for parties."""
    for machine in ("agreement", "transfer", "month"):
        steps = MACHINES[machine].steps.items()
        for_authorities = {act for (_, act), step in steps if "authority" in step.who}
        assert for_authorities <= set(ACTS[machine]), machine


def test_the_table_is_kept_in_one_place() -> None:
    text = (Path(__file__).resolve().parents[2] / "web" / "permissions.txt").read_text("utf-8")
    rows = [line for line in text.splitlines() if re.match(r"[A-Z]+ ", line)]
    assert len(rows) == len(PERMISSIONS)
