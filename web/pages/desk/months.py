"""The generator's books: months written, balanced, closed, reversed; and who has not reported."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.catalogue.operations import all_operations
from circularity.catalogue.stage_columns import STAGES
from circularity.catalogue.waste_types import is_hazardous
from circularity.errors import NotAllowed, NotFound
from circularity.ledger.batches import batches_at
from circularity.ledger.carried_months import carry_month
from circularity.ledger.generator_months import Use, close_month, drop_month, reverse_month, write_month
from circularity.ledger.month_balances import month_balance, month_days
from circularity.ledger.months import USES, LedgerMonth
from circularity.ledger.non_reporters import non_reporters
from circularity.lifecycle import legal_acts
from circularity.organisations import Site
from circularity.party_listings import months, months_seen, sites_seen, total
from web.api.lookups import named_in_body
from web.language import said
from web.pages.desk.acting import WHO, Acting, acting, own_sites_only, require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_downloads import FORMS
from web.pages.desk.form_values import FormValues
from web.pages.requests import choice, page_of
from web.permission_check import is_told_about, note_shown, told_of
from web.session import read_session
from web.today import today

ROWS = (1, 2, 3, 4)
"""How many uses one form takes."""

MONTHS_SHOWN = ("open", "closed", "reversed")
"""The states that the list can be narrowed to; what was dropped is not listed."""


def show_months() -> str:
    """Show the months of the party one acts for."""
    session, party = read_session(), acting()
    status = choice("status", MONTHS_SHOWN)
    page, sites = None, []
    if party is not None:
        seen = months_seen(party.organisation, party.side, party.sites)
        seen &= told_of(LedgerMonth)
        wanted = months(seen & (LedgerMonth.status == status) if status else seen)
        page = page_of(
            total(session, wanted),
            lambda limit, offset: session.scalars(wanted.limit(limit).offset(offset)).all(),
        )
        sites = own_sites(session, party)
        note_shown(page.rows)
    facts: dict[str, Any] = {"sites": sites, "today": today()}
    facts |= {"status": status, "statuses": MONTHS_SHOWN, "forms": FORMS}
    return render_template("months.html", page=page, **facts)


def show_month(public_id: str) -> str:
    """Show one month with its balance."""
    session, party = read_session(), require_acting()
    month = find_month(session, party, public_id)
    owner = party.acts_at(month.site)
    who = "generator" if owner else WHO.get(party.side, "") if party.watches else ""
    _, last = month_days(month)
    facts = {
        "balance": month_balance(session, month),
        "hazardous": is_hazardous(month.waste_code),
        "closes_on": last + timedelta(days=1),
        "is_over": last < today(),
        "acts": legal_acts("month", month.status, who) if who else (),
        "stages": {stage: batches_at(month, stage) for stage in STAGES},
        "tells": owner and month.status in ("open", "closed"),
    }
    return render_template("month.html", month=month, **facts)


def show_new_month() -> str:
    """Show the form of a month, filled from one that is written already where `?like=` names it.

    Else site, waste and month come from the address, where it names them.
    """
    session, party = read_session(), require_acting()
    like = request.args.get("like", "")
    month = find_month(session, party, like) if like else None
    facts = {
        "month": month,
        "asked": request.args,
        "sites": own_sites(session, party),
        "operations": all_operations(today()),
        "kinds": USES,
        "rows": ROWS,
        "today": today(),
    }
    return render_template("new_month.html", **facts)


def write() -> Answer:
    """Write the month and go to its page."""
    party = require_acting()

    def put(session: Session, at: datetime) -> str:
        form = FormValues()
        facts = _which(session, party, form) | {
            "generated_kg": form.mass("generated_t"),
            "uses": _uses(form),
            "discarded_kg": form.maybe_mass("discarded_t") or 0,
            "stored_kg": form.mass("stored_t"),
        }
        form.finish()
        written = write_month(session, actor=party.actor, at=at, **facts)
        return url_for("desk.month", public_id=written.public_id)

    return attempt("month", put, show_new_month)


def carry() -> Answer:
    """Write a month from its transfers and treatments, and go to its page to be looked at and closed."""
    party = require_acting()

    def put(session: Session, at: datetime) -> str:
        form = FormValues()
        facts = _which(session, party, form)
        form.finish()
        written = carry_month(session, actor=party.actor, at=at, **facts)
        return url_for("desk.month", public_id=written.public_id)

    return attempt("carry", put, show_new_month)


def act_on_month(public_id: str, act: str) -> Answer:
    """Close, reverse or drop one month."""
    party = require_acting()

    def run(session: Session, at: datetime) -> str:
        month = find_month(session, party, public_id)
        facts: dict[str, Any] = {"actor": party.actor, "at": at, "month": month}
        if act == "reverse":
            who = "authority" if party.side == "authority" else "generator"
            require_writer(month, party, watching=who == "authority")
            reverse_month(session, reason=FormValues().text("reason"), who=who, **facts)
        elif act in ("close", "discard"):
            require_writer(month, party)
            (close_month if act == "close" else drop_month)(session, **facts)
        else:
            raise NotFound("act", "没有这一操作", "there is no such act")
        return url_for("desk.month", public_id=public_id)

    return attempt(act, run, lambda: show_month(public_id))


def show_non_reporters() -> str:
    """Show whose month is not closed: in an authority's region, or of one's own sites."""
    session, party = read_session(), require_acting()
    last = today().replace(day=1)
    year, month = (last.year - 1, 12) if last.month == 1 else (last.year, last.month - 1)
    asked = request.args.get("month", "")
    if len(asked) == 7 and asked[:4].isdigit() and asked[5:].isdigit() and 1 <= int(asked[5:]) <= 12:
        year, month = max(int(asked[:4]), 2000), int(asked[5:])
    seen = set(session.scalars(sites_seen(party.organisation, party.side, party.sites)))
    due = non_reporters(session, year, month)
    found = [row for row in due if row.site.id in seen and is_told_about(row.waste_code)]
    page = page_of(len(found), lambda limit, offset: found[offset : offset + limit])
    note_shown(row.site for row in page.rows)
    return render_template("non_reporters.html", page=page, asked=f"{year:04d}-{month:02d}", party=party)


def own_sites(session: Session, party: Acting) -> list[tuple[str, str]]:
    """Return (id, name) of the sites that the party itself may write for."""
    if party.watches:
        return []
    rows = session.scalars(select(Site).where(*own_sites_only(party)).order_by(Site.id))
    return [(site.public_id, said(site)) for site in rows]


def own_site(session: Session, party: Acting, form: FormValues) -> Site:
    """Return the site that a form names; raises NotAllowed for a site of others."""
    site = named_in_body(session, Site, "site", form.text("site"))
    if not party.acts_at(site):
        raise NotAllowed(
            "not_your_site", "只能填写本单位的厂区", "only its own organisation writes a site's books"
        )
    return site


def find_month(session: Session, party: Acting, public_id: str) -> LedgerMonth:
    """Return a month that the party may see; raises NotFound."""
    seen = months_seen(party.organisation, party.side, party.sites)
    found = session.scalar(select(LedgerMonth).filter_by(public_id=public_id).where(seen))
    if found is None:
        raise NotFound("month", "没有这一月份台账", "there is no such month", id=public_id[:40])
    return found


def require_writer(month: LedgerMonth, party: Acting, *, watching: bool = False) -> None:
    """Refuse acts in a book of others; `watching`: the act is one of authorities."""
    owner = party.acts_at(month.site)
    if not (owner or watching):
        zh, en = "只有产生单位可以操作", "only the generator does this"
        raise NotAllowed("not_a_party", zh, en)


def _which(session: Session, party: Acting, form: FormValues) -> dict[str, Any]:
    """Return the month that a form is about."""
    return {
        "site": own_site(session, party, form),
        "waste_code": form.text("waste_code"),
        "year": form.whole("year"),
        "month": form.whole("month"),
    }


def _uses(form: FormValues) -> list[Use]:
    """Return the uses that have a mass."""
    found = []
    for row in ROWS:
        mass_kg = form.maybe_mass(f"uses.{row}.mass_t")
        if mass_kg is not None:
            words = (form.text(f"uses.{row}.{name}") for name in ("kind", "operation", "party"))
            kind, operation, party = words
            found.append(Use(kind, operation, mass_kg, party))
    return found
