"""How the story opens: parties register, plants show what entitles them, provinces list plants."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from circularity.audit import Actor
from circularity.organisations import add_site, register_organisation
from circularity.registry.declarations import declare_generation
from circularity.registry.facilities import add_entitlement_line, grant_entitlement, register_facility
from circularity.whitelist import list_facility, record_grant
from seed.cast import Cast
from seed.parties import Delta, Flow, LineRow, Party

SOURCE = "虚构演示数据 · fictional demo data"
REGISTRAR = Actor("演示登记 · demo registry", None, "system")


def the_delta_registers(session: Session, cast: Cast, delta: Delta) -> Iterator[None]:
    """Register parties, entitlements with their lines, and lists, row by row."""
    for party in delta.parties:
        _a_party_registers(session, cast, party)
        yield
    yield from _plants_show_what_entitles_them(session, cast, delta)
    for line in delta.lines:
        _a_line_is_added(session, cast, line)
    yield from _provinces_list_each_others_plants(session, cast, delta)


def authorities_grant_the_first_procedures(session: Session, cast: Cast, delta: Delta) -> Iterator[None]:
    """Record the procedures that have been granted by the story's today."""
    for row in delta.grants:
        record_grant(
            session,
            actor=REGISTRAR,
            at=cast.told_at,
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


def a_generator_declares_its_year(session: Session, cast: Cast, flow: Flow) -> None:
    """Declare what a generator makes of one waste in each year that the story touches."""
    # A quarter over New Year belongs to two years; rates ask for the year of the run.
    for year in sorted({day.year for day in (cast.told_day, cast.today, cast.last_day)}):
        declare_generation(
            session,
            actor=cast.actor(flow.party),
            at=cast.told_at,
            site=cast.sites[flow.party],
            waste_code=flow.waste_code,
            year=year,
            generated_kg=flow.generated_kg,
            own_utilised_kg=flow.own_utilised_kg,
            own_disposed_kg=flow.own_disposed_kg,
            entrusted_elsewhere_utilised_kg=flow.elsewhere_utilised_kg,
        )


def _a_party_registers(session: Session, cast: Cast, party: Party) -> None:
    organisation = register_organisation(
        session,
        actor=REGISTRAR,
        at=cast.told_at,
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
        at=cast.told_at,
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
            at=cast.told_at,
            site=site,
            kind=party.facility_kind,
            standing=party.standing,
        )


def _plants_show_what_entitles_them(session: Session, cast: Cast, delta: Delta) -> Iterator[None]:
    for row in delta.entitlements:
        cast.entitlements[row.number] = grant_entitlement(
            session,
            actor=REGISTRAR,
            at=cast.told_at,
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


def _a_line_is_added(session: Session, cast: Cast, row: LineRow) -> None:
    line = add_entitlement_line(
        session,
        actor=REGISTRAR,
        at=cast.told_at,
        entitlement=cast.entitlements[row.entitlement],
        waste_pattern=row.waste_pattern,
        operation=row.operation,
        annual_limit_kg=row.annual_limit_kg,
        limits_min=row.limits_min,
        limits_max=row.limits_max,
        gate_fee_ucny_per_kg=row.gate_fee_ucny_per_kg,
        senders=[cast.organisations[party] for party in row.senders],
    )
    cast.lines.append(line)


def _provinces_list_each_others_plants(session: Session, cast: Cast, delta: Delta) -> Iterator[None]:
    for row in delta.whitelist:
        list_facility(
            session,
            actor=REGISTRAR,
            at=cast.told_at,
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
