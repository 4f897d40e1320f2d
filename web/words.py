"""Code words of the database in the reader's language: kinds, statuses, rules, levels."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext

from matching.reasons.words import ReasonWords, reason_words
from web.auth.words import ACCOUNTS
from web.custody_words import CUSTODY
from web.language import said
from web.listing_words import LISTING
from web.today import today

_ = lazy_gettext

GROUPS: Mapping[str, Mapping[str, object]] = {
    "facility": {
        "utiliser": _("Utiliser"),
        "disposer": _("Disposer"),
        "collector": _("Collector"),
    },
    "standing": {
        "": _("In good standing"),
        "suspended": _("Suspended"),
        "blacklisted": _("Blacklisted"),
        "accident": _("Closed after an accident"),
    },
    "entitlement": {
        "hazardous_licence": _("Hazardous-waste licence"),
        "collection_licence": _("Collection licence"),
        "point_to_point_scheme": _("Point-to-point scheme"),
        "stage_exemption": _("Stage exemption"),
        "eia_approval": _("EIA approval"),
        "discharge_permit": _("Discharge permit"),
        "capability_statement": _("Statement of capability"),
    },
    "list": {
        "nominated": _("Nominated by the receiving province"),
        "agreed": _("Agreed by two provinces"),
        "information": _("For information only"),
    },
    "entry": {
        "draft": _("Draft"),
        "submitted": _("Submitted"),
        "under_review": _("Under review"),
        "listed": _("Listed"),
        "suspended": _("Suspended"),
        "delisted": _("Delisted"),
        "rejected": _("Rejected"),
        "expired": _("Expired"),
    },
    "output": {
        "waste": _("Waste"),
        "by_product": _("By-product"),
        "product": _("Product"),
    },
    "datum": {
        "wgs84": _("WGS-84 (GPS)"),
        "gcj02": _("GCJ-02 (Amap, Tencent)"),
        "bd09": _("BD-09 (Baidu)"),
    },
    "visibility": {
        "parties": _("Others see masses in bands, no prices and no assays"),
        "public": _("Everybody sees the figures"),
    },
    "lot_fate": {
        "proposed": _("With proposals"),
        "unmatched": _("Without an outlet"),
        "dealt": _("In agreements"),
        "waiting": _("Waiting for the next run"),
        "over": _("Period over"),
        "withdrawn": _("Withdrawn"),
    },
    "hazard": {
        "hazardous": _("Hazardous waste"),
        "general": _("General solid waste"),
    },
    "proposal": {
        "open": _("Open"),
        "countered": _("Countered"),
        "agreed": _("Agreed"),
        "declined": _("Declined"),
        "expired": _("Expired"),
        "superseded": _("Superseded"),
    },
    "group": {
        "utilisation": _("Utilisation"),
        "disposal": _("Disposal"),
        "storage": _("Storage"),
    },
    "priced": {
        "window": _("Capacity window"),
        "line": _("Line of an entitlement"),
        "group": _("Lines of an entitlement together"),
        "entitlement": _("Entitlement as a whole"),
        "facility": _("Facility as a whole"),
        "quota": _("White-list quota"),
    },
    "run": {
        "optimal": _("Proven optimal"),
        "bounded": _("Bounded, not proven optimal"),
    },
    "job": {
        "queued": _("Waiting"),
        "running": _("Running"),
        "done": _("Done"),
        "failed": _("Failed"),
        "cancelled": _("Cancelled"),
    },
    "upload": {
        "weighbridge": _("Weighbridge export"),
        "official_forms": _("National form"),
        "official_numbers": _("List of official manifest numbers"),
    },
    "phase": {
        "snapshot": _("Reading what is posted"),
        "prepare": _("Setting up the model"),
        "match": _("Matching, pricing, explaining and checking, part by part"),
        "publish": _("Storing"),
        "read": _("Reading the file"),
        "write": _("Writing its rows"),
    },
    "level": {
        "placed_kg": _("Mass placed"),
        "urgent_kg": _("of which urgent hazardous waste"),
        "utilised_kg": _("of which utilised"),
        "hierarchy": _("Rank of operations"),
        "cost": _("Net cost"),
        "kept_kg": _("Mass kept where it was proposed"),
        "tie": _("Tie-break"),
    },
    "cost": {
        "transport": _("transport"),
        "gate_fee": _("gate fee"),
        "price": _("price paid"),
        "carbon": _("carbon"),
    },
    "loss": {
        "": _("no loss to the region"),
        "placed_kg": _("costs another kilogram its outlet"),
        "urgent_kg": _("costs an urgent kilogram its outlet"),
        "utilised_kg": _("costs a kilogram its utilisation"),
        "hierarchy": _("costs the region a better operation"),
        "cost": _("dearer for the region"),
    },
    "procedure_state": {
        "to_file": _("To be filed"),
        "filed": _("Filed"),
        "granted": _("Granted"),
        "refused": _("Refused"),
    },
    "procedure": {
        "general_record": _("Record of general waste for utilisation in another province"),
        "general_approval": _("Approval of general waste for storage or disposal in another province"),
        "hazardous_approval": _("Approval of hazardous waste to another province"),
        "plan_change": _("Change of the management plan"),
        "assay": _("Assay"),
        "exemption_evidence": _("Evidence for an exemption"),
    },
    "scope": {
        "general": _("Industrial solid waste"),
        "bulk": _("Bulk industrial solid waste"),
    },
    **CUSTODY,
    **LISTING,
    **ACCOUNTS,
}


def word(group: str, code: str) -> str:
    """Return the word for a code; rules are named by the rules themselves, an unknown code by itself."""
    if group == "rule":
        return said(_reason(code)) or code
    return str(GROUPS[group].get(code, code))


def word_within(group: str, code: str) -> str:
    """Return the word for a code as it stands within a sentence: the capital is that of a label."""
    label = word(group, code)
    return label[:1].lower() + label[1:]


def basis(code: str) -> str:
    """Return the legal basis of a rule as of today; "" where a reason is no rule of law."""
    return said(_reason(code), "basis")


def _reason(code: str) -> ReasonWords:
    """Return the words of a reason; one that only an older version knew has none."""
    try:
        return reason_words(code, today())
    except KeyError:
        return ReasonWords("", "")
