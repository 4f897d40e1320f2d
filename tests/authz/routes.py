"""Addresses of every route, filled with the ids of a set of parties."""

from __future__ import annotations

from collections.abc import Iterator

from matrix_world import Ids, Matrix
from registry import FLY_ASH
from werkzeug.routing import Rule

from web.permissions import Permission, permission_of

SAFE = {"HEAD", "OPTIONS"}
Cell = tuple[str, Rule, Permission, str]

_KINDS = {  # what a piece of an address names where its permission is about no thing
    "facility_id": "Facility", "window_id": "CapacityWindow", "output_id": "Output",
    "entry_id": "WhitelistEntry", "job_id": "Job", "target_id": "EnteredTarget",
    "pages.facility": "Facility", "pages.job": "Job", "pages.cancel_job": "Job",
    "pages.output": "Output", "run_id": "Run", "pages.run": "Run", "pages.plan_csv": "Run",
    "pages.unmatched_csv": "Run", "organisation_id": "works",
    "pages.whitelist_entry": "WhitelistEntry", "paper_id": "ApplicationPaper",
}  # fmt: skip
_OTHERS = {  # pieces that name no row: words, files, and keys that let in whoever has them
    "code": FLY_ASH, "filename": "css/circularity.css", "key": "no-key-of-anybody",
    "year": "2027", "provider": "no-provider", "link_id": "0" * 32, "public_id": "0" * 32,
    "kind": "general_record", "stage": "generated",
}  # fmt: skip


def cells(world: Matrix) -> Iterator[Cell]:
    """Yield (method, rule, permission, act) of every route; one cell for every verb that its acts have."""
    for rule in world.app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - SAFE):
            permission = permission_of(method, rule.endpoint)
            if permission is not None:  # one without a row fails the test of the table
                acts = {verb: act for act, verb in permission.acts.items()} | {permission.verb: "other"}
                for act in acts.values():
                    yield method, rule, permission, act


def filled(rule: Rule, permission: Permission, ids: Ids, own: Ids, act: str) -> dict[str, str]:
    """Return the pieces of an address; where it names the asker's organisation, that one.

    Raises KeyError for a kind of row that the world has none of, and for a piece that names nothing known.
    """
    named = {field: kind for kind, field in permission.named}
    found = {}
    for piece in rule.arguments:
        kind = permission.kind if piece == permission.where else named.get(piece, "")
        kind = kind or _KINDS.get(rule.endpoint, "") or _KINDS.get(piece, "")
        if kind == "Self":
            found[piece] = own["works"]
        elif kind:
            found[piece] = ids[kind]
        else:
            found[piece] = ({"act": act} | _OTHERS)[piece]
    return found


def address_of(world: Matrix, cell: Cell, ids: Ids) -> str:
    """Return the address of a cell in the words of a set of parties."""
    method, rule, permission, act = cell
    pieces = filled(rule, permission, ids, world.own, act)
    return world.app.url_map.bind("localhost").build(rule.endpoint, pieces, method=method)
