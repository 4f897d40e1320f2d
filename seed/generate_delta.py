"""A drawn Delta as parties for the story: every output a flow, every capacity a line of an entitlement."""

from __future__ import annotations

from circularity.catalogue import regions
from circularity.catalogue.waste_types import is_hazardous
from circularity.units import MISSING
from seed.credit_codes import demo_credit_code
from seed.draw import E7, Draw, Sites, draw
from seed.parties import Delta, EntitlementRow, Flow, GrantRow, LineRow, Party
from seed.tables import read_streams

OUTPUTS_PER_CAPACITY = 20
OUTPUTS_PER_STREAM = 10
MAX_OUTPUTS = 200_000


def generate_delta(size: int, random_seed: int = 1, *, capacities: int | None = None) -> Delta:
    """Return parties with `size` outputs and so many capacities, by default a twentieth of the outputs.

    Each stream has at least two capacities. Equal arguments give equal parties. Raises ValueError outside
    1 to 200,000 outputs or for a seed number that `credit_codes` cannot tell apart.
    """
    if not 1 <= size <= MAX_OUTPUTS:
        raise ValueError(f"a generated Delta has 1 to {MAX_OUTPUTS} outputs")
    groups = max(1, min(size // OUTPUTS_PER_STREAM, len(read_streams())))
    drawn = draw(size, max(2 * groups, capacities or size // OUTPUTS_PER_CAPACITY), groups, random_seed)
    generators = _parties(drawn.generators, random_seed, 0, "generator")
    facilities = _parties(drawn.facilities, random_seed, len(generators), "facility")
    return Delta(
        parties=(*generators, *facilities),
        flows=_flows(drawn, generators),
        entitlements=_entitlements(drawn, facilities),
        lines=_lines(drawn, facilities),
        whitelist=(),
        grants=_grants(drawn, facilities),
    )


def _parties(sites: Sites, random_seed: int, first: int, role: str) -> tuple[Party, ...]:
    kind_zh, kind_en = {"generator": ("产废", "Generator"), "facility": ("利用", "Facility")}[role]
    return tuple(
        Party(
            party=f"{role}-{row}",
            name_zh=f"{regions.get(region).name_zh}乌有{kind_zh}{random_seed}-{row}号有限公司",
            name_en=f"Wuyou {regions.get(region).name_en} {kind_en} {random_seed}-{row} Co., Ltd.",
            credit_code=demo_credit_code(region, random_seed, first + row),
            role=role,
            facility_kind="utiliser" if role == "facility" else "",
            standing="",
            region_code=region,
            lat=lat / E7,
            lon=lon / E7,
            near_place="",
        )
        for row, (region, lat, lon) in enumerate(
            zip(sites.region_code.tolist(), sites.lat_e7.tolist(), sites.lon_e7.tolist(), strict=True)
        )
    )


def _flows(drawn: Draw, generators: tuple[Party, ...]) -> tuple[Flow, ...]:
    """Let every output be a quarter of its year's waste: one more is used at home, two go elsewhere."""
    rows = drawn.outputs
    flows = []
    for row, mass_kg in enumerate(rows.mass_kg.tolist()):
        stream, content = drawn.streams[int(rows.stream[row])], int(rows.content[row])
        flows.append(
            Flow(
                party=generators[int(rows.generator[row])].party,
                waste_code=stream.waste_code,
                generated_kg=4 * mass_kg,
                own_utilised_kg=mass_kg,
                own_disposed_kg=0,
                elsewhere_utilised_kg=2 * mass_kg,
                lots=1,
                stored_days=_present(int(rows.stored_days[row])),
                price_ucny_per_kg=0,
                max_distance_m=None,
                max_net_cost_ucny_per_kg=_present(int(rows.max_net_cost_ucny_per_kg[row])),
                allowed_operations=stream.operations[:1] if rows.restricted[row] else (),
                plan_kg=mass_kg if is_hazardous(stream.waste_code) else None,
                status="waste",
                assays={} if content == MISSING else {stream.analyte: content},
            )
        )
    return tuple(flows)


def _entitlements(drawn: Draw, facilities: tuple[Party, ...]) -> tuple[EntitlementRow, ...]:
    """Give every facility one entitlement, valid as long as its shortest drawn line."""
    valid: dict[int, int] = {}
    for row, facility in enumerate(drawn.capacities.facility.tolist()):
        days = int(drawn.capacities.valid_days[row])
        valid[facility] = min(days, valid.get(facility, days))
    streams = dict(zip(drawn.capacities.facility.tolist(), drawn.capacities.stream.tolist(), strict=True))
    return tuple(
        EntitlementRow(
            number=_number(party),
            party=party.party,
            kind=drawn.streams[streams[facility]].entitlement_kind,
            issuer="主管部门（演示）",
            valid_from_days=-365,
            valid_to_days=valid[facility],
            annual_limit_kg=None,
        )
        for facility, party in enumerate(facilities)
    )


def _lines(drawn: Draw, facilities: tuple[Party, ...]) -> tuple[LineRow, ...]:
    rows = drawn.capacities
    lines = []
    for row, mass_kg in enumerate(rows.mass_kg.tolist()):
        stream, limit = drawn.streams[int(rows.stream[row])], int(rows.limit[row])
        lines.append(
            LineRow(
                entitlement=_number(facilities[int(rows.facility[row])]),
                waste_pattern=stream.waste_pattern,
                operation=str(rows.operation[row]),
                annual_limit_kg=4 * mass_kg,
                received_kg=2 * mass_kg,
                committed_kg=mass_kg,
                stop_days=0,
                gate_fee_ucny_per_kg=int(rows.gate_fee_ucny_per_kg[row]),
                limits_min={},
                limits_max={} if limit == MISSING else {stream.analyte: limit},
                max_distance_m=_present(int(rows.max_distance_m[row])),
                senders=(),
            )
        )
    return tuple(lines)


def _grants(drawn: Draw, facilities: tuple[Party, ...]) -> tuple[GrantRow, ...]:
    """Grant to all senders of a province what the draw says is granted."""
    rows = drawn.capacities
    grants = []
    for row, origins in enumerate(rows.accepts_from.tolist()):
        stream, party = drawn.streams[int(rows.stream[row])], facilities[int(rows.facility[row])]
        kind = "hazardous_approval" if is_hazardous(stream.waste_code) else "general_record"
        for origin in filter(None, origins.split(";")):
            if origin != party.region_code[:2]:
                grants.append(GrantRow(party.party, "", kind, origin, stream.waste_pattern, -30, 300, None))
    return tuple(grants)


def _number(party: Party) -> str:
    """Return the demo number of a generated facility's entitlement."""
    return f"DEMO-{party.credit_code[8:17]}"


def _present(value: int) -> int | None:
    return None if value == MISSING else value
