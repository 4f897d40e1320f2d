"""The applicant's side of a white list: asking for an entry, changing the draft, submitting, answering.

Others than the facility's own organisation may propose it; who decides is `circularity.whitelist.deciding`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.columns import new_public_id
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.human_numbers import new_number
from circularity.lifecycle import advance
from circularity.organisations import Organisation
from circularity.registry.entitlements import Facility
from circularity.whitelist.applications import Application, ApplicationNote
from circularity.whitelist.entries import LIST_KINDS, WhitelistEntry
from circularity.whitelist.offices import proposer
from circularity.whitelist.papers import lacks


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an entry is asked to say; `accepted_origins` are region prefixes, `quota_kg` None for no quota."""

    list_kind: str
    waste_pattern: str
    operation: str
    accepted_origins: tuple[str, ...]
    valid_from: date
    valid_to: date
    quota_kg: int | None = None
    ship_within_days: int | None = None


def apply_for(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    by: Organisation,
    facility: Facility,
    wanted: Wanted,
    renews: WhitelistEntry | None = None,
) -> Application:
    """Begin an application as a draft. Raises BadInput; NotAllowed for strangers."""
    proposer(session, by, facility, delta_day(at), wanted.accepted_origins)
    if renews is not None and renews.facility_id != facility.id:
        zh, en = "续期的条目属于另一设施", "the entry to be renewed is another facility's"
        raise RuleBroken("other_facility", zh, en)
    values = _checked(wanted)
    application = Application(
        public_id=new_public_id(),
        number=new_number("BM", delta_day(at)),
        facility=facility,
        organisation=by,
        renews=renews,
        status="draft",
        missing="",
        reasons="",
        begun_at=at,
        **values,
    )
    session.add(application)
    session.flush()
    told = {"facility": facility, "by": by, "renews": renews}
    record(session, actor, at, "application.begun", application, values | told)
    return application


def change_draft(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    application: Application,
    by: Organisation,
    wanted: Wanted,
) -> None:
    """Put other wishes in the place of a draft's. Raises BadInput, NotAllowed, RuleBroken `illegal_step`."""
    hold(session, application)
    values = _checked(wanted)
    advance(application, "application", "edit", _applicant(session, application, by, delta_day(at)))
    before = {name: getattr(application, name) for name in values}
    for name, value in values.items():
        setattr(application, name, value)
    changed = {name: value for name, value in values.items() if before[name] != value}
    facts = {"before": {name: _plain(before[name]) for name in changed}} | changed
    record(session, actor, at, "application.changed", application, facts)


def submit(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    application: Application,
    by: Organisation,
    answer: str = "",
) -> None:
    """Hand a complete application in, with an answer to what was asked.

    Raises RuleBroken `incomplete` (facts: missing, codes of what is lacking), `illegal_step`.
    """
    checks = Checks("application")
    answer = checks.text("answer", answer, maximum=2000, required=False)
    checks.finish()
    hold(session, application)
    on = delta_day(at)

    def complete() -> None:
        require_none(lacks(application, on))

    who = _applicant(session, application, by, on)
    advance(application, "application", "submit", who, {"complete": complete})
    application.submitted_at, application.missing = at, ""
    if answer:
        add_note(application, by, "answer", on, answer, at)
    record(session, actor, at, "application.submitted", application, {"by": by, "answer": answer})


def withdraw(
    session: Session, *, actor: Actor, at: datetime, application: Application, by: Organisation
) -> None:
    """Take an application back before it is published or refused."""
    hold(session, application)
    advance(application, "application", "withdraw", _applicant(session, application, by, delta_day(at)))
    record(session, actor, at, "application.withdrawn", application, {"by": by})


def hold(session: Session, application: Application) -> None:
    """Read an application as it now is and let nobody else change it until the transaction ends."""
    session.flush()
    session.refresh(application, with_for_update={"of": Application})


def add_note(
    application: Application, by: Organisation, kind: str, on: date, text: str, at: datetime
) -> ApplicationNote:
    """Write a note on an application."""
    note = ApplicationNote(organisation=by, kind=kind, on_day=on, text=text, noted_at=at)
    application.notes.append(note)
    return note


def require_none(lacking: list[Any]) -> None:
    """Refuse what still lacks something, naming all of it."""
    if lacking:
        zh = "尚不完整：" + "；".join(lack.zh for lack in lacking)
        en = "not complete: " + "; ".join(lack.en for lack in lacking)
        raise RuleBroken("incomplete", zh, en, missing=[lack.code for lack in lacking])


def _applicant(session: Session, application: Application, by: Organisation, on: date) -> str:
    """Return as whom the applicant acts; the facility's own organisation may take part in any proposal."""
    who = proposer(session, by, application.facility, on, application.accepted_origins)
    if who == "proposer" and by.id != application.organisation_id:
        # Another authority's proposal is not one's own; the lifecycle knows no such party.
        return "stranger"
    return who


def _checked(wanted: Wanted) -> dict[str, Any]:
    """Return the columns of what is wanted, checked. Raises BadInput."""
    checks = Checks("application")
    checks.period("valid_from", wanted.valid_from, "valid_to", wanted.valid_to)
    if not wanted.accepted_origins:
        zh, en = "至少需要一个移出地", "at least one origin is needed"
        checks.refuse("accepted_origins", "empty", "", zh, en)
    values = asdict(wanted) | {
        "list_kind": checks.word("list_kind", wanted.list_kind, LIST_KINDS),
        "waste_pattern": checks.waste_pattern("waste_pattern", wanted.waste_pattern),
        "operation": checks.operation("operation", wanted.operation),
        "accepted_origins": tuple(
            sorted({checks.region("accepted_origins", origin) for origin in wanted.accepted_origins})
        ),
        "quota_kg": checks.maybe("quota_kg", wanted.quota_kg, 1),
        "ship_within_days": checks.maybe("ship_within_days", wanted.ship_within_days, 1, 3660),
    }
    checks.finish()
    return values


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
