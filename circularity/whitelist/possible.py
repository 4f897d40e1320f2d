"""What an organisation may do now with an application, an entry or an appeal: the acts offered to it."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from circularity.lifecycle import legal_acts
from circularity.organisations import Organisation
from circularity.whitelist.appeals import AGAINST, facility_of
from circularity.whitelist.applications import Appeal, Application
from circularity.whitelist.deciding import wanting_consent
from circularity.whitelist.entries import WhitelistEntry
from circularity.whitelist.offices import SUSPEND, consents, decides_on


def acts_with_application(
    session: Session, application: Application, by: Organisation, on: date
) -> tuple[str, ...]:
    """Return the acts that are open to an organisation, in alphabetical order; `appeal` among them."""
    parties = set()
    if by.id == application.facility.site.organisation_id:
        parties.add("receiver")
    elif by.id == application.organisation_id:
        parties.add("proposer")
    if decides_on(session, by, application.facility, on):
        parties.add("authority")
    if consents(session, by, wanting_consent(application), on):
        parties.add("partner")
    acts = {act for who in parties for act in legal_acts("application", application.status, who)}
    if application.status == "refused" and parties & {"receiver", "proposer"}:
        acts.add("appeal")
    return tuple(sorted(acts - {"reopen"}))


def acts_with_entry(session: Session, entry: WhitelistEntry, by: Organisation, on: date) -> tuple[str, ...]:
    """Return the acts that are open to an organisation; `blacklist`, `raise`, `appeal` among them."""
    acts: set[str] = set()
    if decides_on(session, by, entry.facility, on, SUSPEND):
        acts |= set(legal_acts("entry", entry.status, "authority")) - {"reinstate"}
        if "delist" in acts:
            acts.add("blacklist")
        if entry.status == "listed" and entry.quota_kg is not None:
            acts.add("raise")
    if entry.facility.site.organisation_id == by.id and entry.status in AGAINST["entry"]:
        acts.add("appeal")
    return tuple(sorted(acts))


def acts_with_appeal(session: Session, appeal: Appeal, by: Organisation, on: date) -> tuple[str, ...]:
    """Return the acts that are open to an organisation: its own is withdrawn, an office answers."""
    acts: set[str] = set()
    if appeal.organisation_id == by.id:
        acts |= set(legal_acts("appeal", appeal.status, "receiver"))
    if decides_on(session, by, facility_of(appeal), on):
        acts |= set(legal_acts("appeal", appeal.status, "authority"))
    return tuple(sorted(acts))
