"""Who may do what to which object, asked of the pure functions alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from circularity.catalogue.authority_powers import BOUND_TO, UnknownPower, all_powers, powers
from circularity.catalogue.regions import all_regions
from circularity.policy.acting import (
    ANONYMOUS,
    AUTHORITY_KINDS,
    AUTHORITY_LEVELS,
    MEMBERSHIPS,
    SCOPES,
    Acting,
)
from circularity.policy.decisions import NOT_FOUND, SOME_SITES_ONLY, Allowed, Refused, may
from circularity.policy.powers import holds
from circularity.policy.things import Thing
from circularity.policy.verbs import RULES

ON = date(2026, 11, 22)
WORKS, PLANT, DRIVES, STRANGER = "a" * 32, "b" * 32, "c" * 32, "d" * 32
MATTER = Thing(
    kind="Transfer",
    parties=frozenset({("generator", WORKS), ("receiver", PLANT), ("carrier", DRIVES)}),
    origin="310115",
    destination="340200",
    wastes=frozenset({"SW02"}),
)
OPERATOR = Acting(user_public_id="u", membership="operator", verified=True, roles=frozenset({"generator"}))
WORKER = replace(OPERATOR, organisation_public_id=WORKS)


def office(kind: str, level: str, region: str) -> Acting:
    return Acting(
        user_public_id="o", organisation_public_id="e" * 32, membership="operator", verified=True,
        authority_kind=kind, authority_level=level, region_code=region,
    )  # fmt: skip


PUDONG, SHANGHAI = office("ecology", "district", "310115"), office("ecology", "province", "310000")
ANHUI, JIANGSU = office("ecology", "province", "340000"), office("ecology", "province", "320000")
DELTA = office("ecology", "delta", "")


def answer(acting: Acting, verb: str, thing: Thing | None = MATTER) -> str:
    verdict = may(acting, verb, thing, on=ON)
    return "yes" if isinstance(verdict, Allowed) else verdict.code


@pytest.mark.parametrize(
    ("acting", "verb", "expected"),
    [
        (WORKER, "transfer.sign", "yes"),
        (replace(WORKER, organisation_public_id=PLANT), "transfer.sign", "yes"),
        (replace(WORKER, organisation_public_id=DRIVES), "transfer.sign", "not_a_party"),
        (replace(WORKER, organisation_public_id=DRIVES, membership="driver"), "transfer.carry", "yes"),
        (replace(WORKER, membership="reader"), "transfer.sign", "not_your_role"),
        (replace(WORKER, membership="driver"), "proposal.answer", "not_your_role"),
        (replace(WORKER, verified=False), "transfer.sign", "not_verified"),
        (replace(WORKER, verified=False), "book.write", "yes"),
        (replace(WORKER, dormant=True), "transfer.sign", "yes"),
        (replace(WORKER, dormant=True), "proposal.answer", "dormant"),
        (replace(WORKER, dormant=True), "agreement.end", "yes"),
        (replace(WORKER, scopes=frozenset({"read", "write"})), "transfer.sign", "no_scope"),
        (replace(WORKER, scopes=frozenset({"sign"})), "transfer.sign", "yes"),
        (replace(WORKER, scopes=frozenset({"sign"})), "transfer.read", "no_scope"),
        (replace(WORKER, organisation_public_id=STRANGER), "transfer.read", "not_found"),
        (replace(WORKER, organisation_public_id=None), "transfer.read", "no_organisation"),
        (ANONYMOUS, "transfer.read", "not_signed_in"),
        (ANONYMOUS, "public.read", "yes"),
        (WORKER, "entitlement.grant", "no_power"),
        (SHANGHAI, "transfer.sign", "not_for_authorities"),
        (SHANGHAI, "transfer.read", "yes"),
        (ANHUI, "transfer.read", "yes"),
        (JIANGSU, "transfer.read", "not_found"),
        (office("greening", "city", "310000"), "transfer.read", "not_found"),
        (DELTA, "transfer.read", "yes"),
        (DELTA, "agreement.suspend", "no_power"),
        (PUDONG, "agreement.suspend", "yes"),
        (JIANGSU, "agreement.suspend", "not_found"),
        (ANHUI, "whitelist.nominate", "yes"),
        (SHANGHAI, "whitelist.nominate", "no_power"),
        (SHANGHAI, "whitelist.consent", "yes"),
    ],
)  # fmt: skip
def test_a_situation_has_its_verdict(acting: Acting, verb: str, expected: str) -> None:
    assert answer(acting, verb) == expected


def test_an_authority_that_reads_is_told_apart_from_a_party_that_reads() -> None:
    assert may(SHANGHAI, "transfer.read", MATTER, on=ON) == Allowed(watching=True)
    assert may(WORKER, "transfer.read", MATTER, on=ON) == Allowed(watching=False)


def test_what_is_still_on_its_owners_desk_is_seen_by_no_authority() -> None:
    assert answer(SHANGHAI, "transfer.read", replace(MATTER, kept_back=True)) == "not_found"
    assert answer(WORKER, "transfer.read", replace(MATTER, kept_back=True)) == "yes"


def test_a_matter_of_others_is_refused_like_one_that_does_not_exist() -> None:
    """A thing that is not there has no parties; whoever asks, the answer is that of a thing of others."""
    nothing = Thing(kind="Transfer")
    foreign = replace(MATTER, parties=frozenset({("generator", "f" * 32)}), origin="330100", destination="")
    asking = [
        replace(WORKER, membership=member, verified=verified, scopes=scopes)
        for member, verified, scopes in product(MEMBERSHIPS, (True, False), (None, frozenset({"read"})))
    ]
    for acting in [*asking, ANONYMOUS, PUDONG, ANHUI]:
        for verb, rule in RULES.items():
            if rule.is_about_a_thing:
                assert answer(acting, verb, foreign) == answer(acting, verb, nothing), verb


@pytest.mark.parametrize(
    ("power", "acting", "origin", "expected"),
    [
        ("general_record.review", PUDONG, "310115", True),
        ("general_record.review", PUDONG, "310120", False),
        ("general_record.review", SHANGHAI, "310115", False),
        ("general_record.review", JIANGSU, "320500", True),
        ("general_record.review", office("ecology", "district", "320505"), "320505", False),
        ("general_record.review", office("ecology", "city", "330600"), "330600", True),
        ("general_record.review", office("economy", "province", "320000"), "320500", False),
        ("hazardous_transfer.decide", SHANGHAI, "310115", True),
        ("hazardous_transfer.decide", PUDONG, "310115", False),
        ("hazardous_transfer.consent", ANHUI, "310115", True),
        ("hazardous_transfer.consent", SHANGHAI, "310115", False),
        ("hazardous_licence.issue", ANHUI, "310115", True),
    ],
)
def test_each_province_rules_its_own_way(power: str, acting: Acting, origin: str, expected: bool) -> None:
    assert holds(acting, power, replace(MATTER, origin=origin), ON) is expected


def test_excavated_soil_needs_the_city_appearance_bureau_in_shanghai_only() -> None:
    soil = replace(MATTER, wastes=frozenset({"SW70"}))
    bureau = office("greening", "city", "310000")
    assert holds(bureau, "general_record.confirm_soil", soil, ON)
    assert not holds(bureau, "general_record.confirm_soil", MATTER, ON)
    elsewhere = replace(soil, origin="320500")
    assert not holds(office("greening", "city", "320500"), "general_record.confirm_soil", elsewhere, ON)


def test_the_delta_body_reads_and_coordinates_and_permits_nothing() -> None:
    held = {row.power for row in all_powers() if "delta" in row.levels}
    assert held == {"confidential.read", "matching.start", "audit.read"}


def test_nobody_acts_outside_its_region() -> None:
    """Every power × every authority of every region: where it holds, the place lies in the region."""
    for level, region in product(("district", "city", "province"), all_regions()):
        for kind, row in product(AUTHORITY_KINDS, all_powers()):
            acting = office(kind, level, region.code)
            thing = replace(MATTER, wastes=frozenset(row.wastes or {"SW02"}))
            if holds(acting, row.power, thing, ON):
                assert {"31": "310115", "34": "340200"}[region.code[:2]][:2] == region.code[:2]
                assert row.bound_to in ("place", "origin" if region.code[:2] == "31" else "destination")


def test_what_is_about_several_sites_at_once_is_for_those_who_act_for_all_of_them() -> None:
    sites = frozenset((side, place) for side in ("generator", "receiver") for place in ("1", "2"))
    own = frozenset({("generator", WORKS), ("receiver", WORKS)})
    upload = Thing(kind="Job", parties=own, sites=sites, together=True)
    for acts_for, verdict in (((), Allowed()), (("1", "2", "3"), Allowed()), (("1",), NOT_FOUND)):
        assert may(replace(WORKER, sites=frozenset(acts_for)), "upload.read", upload, on=ON) == verdict
    about_none = replace(upload, sites=frozenset())
    assert may(replace(WORKER, sites=frozenset({"1"})), "upload.read", about_none, on=ON) == NOT_FOUND


def test_who_acts_for_some_sites_adds_none() -> None:
    assert may(WORKER, "site.add", on=ON) == Allowed()
    assert may(replace(WORKER, sites=frozenset({"1"})), "site.add", on=ON) == SOME_SITES_ONLY


def test_a_job_is_cancelled_by_whoever_asked_for_it_and_by_no_other_authority() -> None:
    pudong, other = PUDONG, replace(PUDONG, organisation_public_id=STRANGER)
    asked = frozenset((side, str(pudong.organisation_public_id)) for side in ("generator", "receiver"))
    job = Thing(kind="Job", parties=asked)
    assert may(pudong, "job.cancel", job, on=ON) == Allowed()
    assert may(other, "job.cancel", job, on=ON) == NOT_FOUND
    assert may(pudong, "job.cancel", Thing(kind="Job"), on=ON) == NOT_FOUND


def test_every_power_of_the_table_is_one_that_somebody_can_hold() -> None:
    for row in all_powers():
        assert set(row.kinds) <= set(AUTHORITY_KINDS)
        assert set(row.levels) <= set(AUTHORITY_LEVELS)
        assert row.bound_to in BOUND_TO
        assert {other.bound_to for other in all_powers() if other.power == row.power} == {row.bound_to}


def test_every_rule_names_powers_members_and_scopes_that_exist() -> None:
    known = {row.power for row in all_powers()}
    for verb, rule in RULES.items():
        assert set(rule.powers) <= known, verb
        assert rule.members
        assert rule.members <= set(MEMBERSHIPS)
        assert rule.scope in SCOPES
        assert rule.needs <= {"verified", "awake", "whole"}
        assert rule.open_to or rule.sides or rule.powers


def test_reading_never_needs_more_than_the_scope_to_read() -> None:
    assert {verb for verb, rule in RULES.items() if verb.endswith((".read", ".list"))} == {
        verb for verb, rule in RULES.items() if rule.scope == "read"
    }


def test_an_unknown_power_or_verb_is_a_mistake_of_ours() -> None:
    with pytest.raises(UnknownPower):
        powers("nobody.knows", "31", ON)
    with pytest.raises(KeyError):
        may(WORKER, "nobody.knows", on=ON)


def test_a_power_that_is_not_in_force_is_no_power() -> None:
    assert not holds(PUDONG, "general_record.review", MATTER, date(2019, 1, 1))


@pytest.mark.parametrize(
    "facts",
    [
        {"membership": "boss"},
        {"authority_kind": "ecology"},
        {"authority_level": "city"},
        {"authority_kind": "police", "authority_level": "city"},
        {"scopes": frozenset({"everything"})},
    ],
)
def test_who_asks_is_described_in_known_words(facts: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"not among|both a kind and a level"):
        Acting(**facts)  # type: ignore[arg-type]  # wrong, or unpacked, on purpose


def test_refusals_speak_both_languages() -> None:
    for acting, verb in product((ANONYMOUS, replace(WORKER, membership="driver"), JIANGSU), RULES):
        verdict = may(acting, verb, MATTER, on=ON)
        if isinstance(verdict, Refused):
            assert verdict.zh
            assert verdict.en
            assert verdict.zh != verdict.en
