"""A quarter in the fictional Delta, played through the public verbs in the order in which it happens.

Nothing is inserted behind the verbs' backs, so every row has its audit event and every rule was asked. All
days are counted from the day of playing: the quarter that is told always lies ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.audit import Actor
from circularity.catalogue.waste_types import is_hazardous
from circularity.facilities import add_entitlement_line, grant_entitlement, offer_capacity, register_facility
from circularity.organisations import Organisation, add_site, register_organisation
from circularity.outputs import declare_generation, post_output
from circularity.whitelist import list_facility, record_grant
from seed.cast import QUARTER_DAYS, Cast
from seed.parties import Delta, Flow, LineRow, Party

SOURCE = "虚构演示数据 · fictional demo data"
REGISTRAR = Actor("演示登记 · demo registry", None, "system")

Progress = Callable[[int, int], None]


def is_told(session: Session, delta: Delta) -> bool:
    """Tell whether this Delta's parties are registered already; the first one's credit code decides.

    A Delta is played in one transaction, so its first party stands for all of them.
    """
    code = delta.parties[0].credit_code
    return session.scalar(select(Organisation.id).where(Organisation.credit_code == code)) is not None


def play(session: Session, delta: Delta, *, at: datetime, progress: Progress | None = None) -> bool:
    """Play the whole quarter, or nothing where it was played before; tells whether it was played.

    The caller's transaction holds all of it. `progress` hears how many rows of how many are told.
    """
    if is_told(session, delta):
        return False
    total = sum(len(getattr(delta, rows)) for rows in Delta.__dataclass_fields__)
    for told, _ in enumerate(_chapters(session, delta, Cast(at)), start=1):
        if progress is not None:
            progress(told, total)
    return True


def _chapters(session: Session, delta: Delta, cast: Cast) -> Iterator[None]:
    """Tell the story row by row."""
    for party in delta.parties:
        _a_party_registers(session, cast, party)
        yield
    yield from _plants_show_what_entitles_them(session, cast, delta)
    for line in delta.lines:
        _a_plant_offers_what_is_left_of_its_year(session, cast, line)
        yield
    yield from _provinces_list_each_others_plants(session, cast, delta)
    yield from _authorities_grant_the_first_procedures(session, cast, delta)
    for flow in delta.flows:
        _a_generator_declares_its_year_and_posts_the_rest(session, cast, flow)
        yield


def _a_party_registers(session: Session, cast: Cast, party: Party) -> None:
    organisation = register_organisation(
        session,
        actor=REGISTRAR,
        at=cast.at,
        name_zh=party.name_zh,
        name_en=party.name_en,
        credit_code=party.credit_code,
        roles=frozenset({party.role}),
        region_code=party.region_code,
        fictional=True,
    )
    cast.organisations[party.party] = organisation
    site = add_site(
        session,
        actor=cast.actor(party.party),
        at=cast.at,
        organisation=organisation,
        name_zh=party.name_zh.removesuffix("有限公司") + "厂区",
        name_en=party.name_en.removesuffix(" Co., Ltd.") + " works",
        lat=party.lat,
        lon=party.lon,
        region_code=party.region_code,
    )
    cast.sites[party.party] = site
    if party.facility_kind:
        cast.facilities[party.party] = register_facility(
            session,
            actor=REGISTRAR,
            at=cast.at,
            site=site,
            kind=party.facility_kind,
            standing=party.standing,
        )


def _plants_show_what_entitles_them(session: Session, cast: Cast, delta: Delta) -> Iterator[None]:
    for row in delta.entitlements:
        cast.entitlements[row.number] = grant_entitlement(
            session,
            actor=REGISTRAR,
            at=cast.at,
            facility=cast.facilities[row.party],
            kind=row.kind,
            number=row.number,
            issuer=row.issuer,
            valid_from=cast.in_days(row.valid_from_days),
            valid_to=None if row.valid_to_days is None else cast.in_days(row.valid_to_days),
            annual_limit_kg=row.annual_limit_kg,
            source=SOURCE,
        )
        yield


def _a_plant_offers_what_is_left_of_its_year(session: Session, cast: Cast, row: LineRow) -> None:
    entitlement = cast.entitlements[row.entitlement]
    line = add_entitlement_line(
        session,
        actor=REGISTRAR,
        at=cast.at,
        entitlement=entitlement,
        waste_pattern=row.waste_pattern,
        operation=row.operation,
        annual_limit_kg=row.annual_limit_kg,
        limits_min=row.limits_min,
        limits_max=row.limits_max,
        gate_fee_ucny_per_kg=row.gate_fee_ucny_per_kg,
        senders=[cast.organisations[party] for party in row.senders],
    )
    organisation = entitlement.facility.site.organisation
    offer_capacity(
        session,
        actor=Actor(organisation.name_zh, organisation.public_id, "person"),
        at=cast.at,
        line=line,
        available_from=cast.today,
        available_to=cast.last_day,
        permitted_kg=row.annual_limit_kg,
        received_kg=row.received_kg,
        committed_kg=row.committed_kg,
        stop_days=row.stop_days,
        max_distance_m=row.max_distance_m,
        visibility=_visibility(row.waste_pattern),
    )


def _provinces_list_each_others_plants(session: Session, cast: Cast, delta: Delta) -> Iterator[None]:
    for row in delta.whitelist:
        list_facility(
            session,
            actor=REGISTRAR,
            at=cast.at,
            facility=cast.facilities[row.party],
            list_kind=row.list_kind,
            issuer_region=row.issuer_region,
            document=row.document,
            waste_pattern=row.waste_pattern,
            operation=row.operation,
            accepted_origins=row.accepted_origins,
            quota_kg=row.quota_kg,
            ship_within_days=row.ship_within_days,
            valid_from=cast.in_days(row.valid_from_days),
            valid_to=cast.in_days(row.valid_to_days),
            status=row.status,
        )
        yield


def _authorities_grant_the_first_procedures(session: Session, cast: Cast, delta: Delta) -> Iterator[None]:
    for row in delta.grants:
        record_grant(
            session,
            actor=REGISTRAR,
            at=cast.at,
            facility=cast.facilities[row.party],
            output_organisation=cast.organisations[row.sender] if row.sender else None,
            kind=row.kind,
            origin_region=row.origin_region,
            waste_pattern=row.waste_pattern,
            valid_from=cast.in_days(row.valid_from_days),
            valid_to=cast.in_days(row.valid_to_days),
            limit_kg=row.limit_kg,
        )
        yield


def _a_generator_declares_its_year_and_posts_the_rest(session: Session, cast: Cast, flow: Flow) -> None:
    # A quarter over New Year belongs to two years; rates ask for the year of the run.
    for year in sorted({cast.today.year, cast.last_day.year}):
        declare_generation(
            session,
            actor=cast.actor(flow.party),
            at=cast.at,
            site=cast.sites[flow.party],
            waste_code=flow.waste_code,
            year=year,
            generated_kg=flow.generated_kg,
            own_utilised_kg=flow.own_utilised_kg,
            own_disposed_kg=flow.own_disposed_kg,
            entrusted_elsewhere_utilised_kg=flow.elsewhere_utilised_kg,
        )
    for lot in range(flow.lots):
        _post_lot(session, cast, flow, lot)


def _post_lot(session: Session, cast: Cast, flow: Flow, lot: int) -> None:
    """Post one of the equal lots of a flow; they become available one after the other through the quarter."""
    starts = QUARTER_DAYS // 3 * lot
    # A lot that has yet to arise cannot have been stored before; one stored for long was there first.
    since = None if flow.stored_days is None else cast.in_days(min(0, starts - flow.stored_days))
    post_output(
        session,
        actor=cast.actor(flow.party),
        at=cast.at,
        site=cast.sites[flow.party],
        waste_code=flow.waste_code,
        mass_kg=_share(flow.posted_kg, flow.lots, lot),
        available_from=cast.in_days(starts),
        available_to=cast.last_day,
        allowed_operations=flow.allowed_operations,
        max_distance_m=flow.max_distance_m,
        max_net_cost_ucny_per_kg=flow.max_net_cost_ucny_per_kg,
        price_ucny_per_kg=flow.price_ucny_per_kg,
        storage_since=since,
        plan_mass_kg=None if flow.plan_kg is None else _share(flow.plan_kg, flow.lots, lot),
        status=flow.status,
        assays=flow.assays,
        visibility=_visibility(flow.waste_code),
    )


def _share(mass_kg: int, lots: int, lot: int) -> int:
    """Return the mass of one of equal lots; the first lots take the kilograms that do not divide."""
    return mass_kg // lots + (lot < mass_kg % lots)


def _visibility(waste: str) -> str:
    """General waste is posted for everybody; what is hazardous is shown to possible partners only."""
    return "parties" if waste.startswith("HW") or is_hazardous(waste) else "public"
