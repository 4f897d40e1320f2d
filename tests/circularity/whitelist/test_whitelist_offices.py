"""Who decides about a list is the office that the catalogue names: by kind, level and region."""

from __future__ import annotations

import pytest
from listing_world import PAPERS, ListingWorld
from registry import ACTOR, AT, Registry

from circularity.accounts.standings import begin_standing
from circularity.errors import NotAllowed
from circularity.organisations import Organisation
from circularity.whitelist.deciding import consent, take_up
from circularity.whitelist.possible import acts_with_application, acts_with_entry
from circularity.whitelist.standing import suspend
from circularity.whitelist.visible import sees_entry

ON = AT.date()


@pytest.fixture
def world(registry: Registry) -> ListingWorld:
    return ListingWorld(registry)


def office(world: ListingWorld, region: str, kind: str = "", role: str = "authority") -> Organisation:
    made = world.registry.organisation(roles=frozenset({role}), region_code=region)
    if kind:
        begin_standing(world.registry.session, actor=ACTOR, at=AT, organisation=made, authority_kind=kind)
    world.registry.session.flush()
    return made


def test_a_city_a_water_authority_and_the_delta_body_do_not_review_an_application(
    world: ListingWorld,
) -> None:
    application = world.submitted()
    others = (
        office(world, "320500"),
        office(world, "320000", "water"),
        office(world, "320000", role="coordinator"),
        office(world, "330000"),
    )
    for other in others:
        assert acts_with_application(world.registry.session, application, other, ON) == ()
        with pytest.raises(NotAllowed) as refused:
            take_up(**world.act(), application=application, by=other)
        assert refused.value.code == "no_power"
        assert "列入" in refused.value.zh, "the sentence says whose power it is"
    assert application.status == "submitted"
    assert "take_up" in acts_with_application(world.registry.session, application, world.jiangsu, ON)


def test_an_entry_is_suspended_by_the_province_and_read_by_every_ecology_office_of_its_region(
    world: ListingWorld,
) -> None:
    entry, session = world.listed(quota_kg=5_000_000), world.registry.session
    city = office(world, "320500")
    assert acts_with_entry(session, entry, city, ON) == ()
    assert sees_entry(session, city, entry, ON)
    assert sees_entry(session, world.shanghai, entry, ON), "a province of origin draws on the quota"
    assert not sees_entry(session, office(world, "330000"), entry, ON)
    assert not sees_entry(session, world.works.organisation, entry, ON)
    with pytest.raises(NotAllowed):
        suspend(**world.act(), entry=entry, by=city, ground="reporting", reason="越权 beyond its power")
    assert set(acts_with_entry(session, entry, world.jiangsu, ON)) == {
        "suspend", "delist", "blacklist", "raise",
    }  # fmt: skip


def test_only_an_ecology_office_of_the_province_consents_for_it(world: ListingWorld) -> None:
    application = world.under_review(*PAPERS, "cooperation", list_kind="agreed")
    for other in (office(world, "310104"), office(world, "310000", "economy"), world.jiangsu):
        with pytest.raises(NotAllowed):
            consent(**world.act(), application=application, by=other, document="沪环函 1 号")
    consent(**world.act(), application=application, by=world.shanghai, document="沪环函 1 号")
    assert [given.province for given in application.consents] == ["31"]
