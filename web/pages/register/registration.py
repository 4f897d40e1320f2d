"""Every address of the register."""

from __future__ import annotations

from flask import Blueprint, Flask

from web.pages.register import applications, entitlements, entries, home

SHOWN = (
    ("/register", "home", home.show_register),
    ("/register/receipts.csv", "receipts", home.download_receipts),
    ("/register/applications/new", "new_application", applications.show_new_application),
    ("/register/applications/<public_id>", "application", applications.show_application),
    ("/register/applications/<public_id>/papers/<paper_id>", "paper", applications.download_paper),
    ("/register/entries/<public_id>", "entry", entries.show_entry),
    ("/register/entitlements", "entitlements", entitlements.show_entitlements),
    ("/register/entitlements/<public_id>", "entitlement", entitlements.show_entitlement),
)

DONE = (
    ("/register/applications/new", "begin_application", applications.begin_application),
    ("/register/applications/<public_id>/papers", "add_paper", applications.add_paper),
    ("/register/applications/<public_id>/acts/<act>", "act_on_application", applications.act_on_application),
    ("/register/entries/<public_id>/acts/<act>", "act_on_entry", entries.act_on_entry),
    ("/register/appeals/<public_id>/acts/<act>", "act_on_appeal", entries.act_on_appeal),
    ("/register/entitlements/<public_id>", "ask_change", entitlements.ask_change),
    ("/register/entitlements/<public_id>/outside", "restate", entitlements.restate),
    ("/register/changes/<public_id>/acts/<act>", "act_on_change", entitlements.act_on_change),
    ("/register/rounds/<act>", "act_on_round", home.act_on_round),
)


def register_register(app: Flask) -> None:
    """Register the pages; what their templates call is the desk's."""
    pages = Blueprint("register", __name__)
    for address, name, view in SHOWN:
        pages.add_url_rule(address, name, view)
    for address, name, act in DONE:
        pages.add_url_rule(address, name, act, methods=["POST"])
    app.register_blueprint(pages)
