"""Appeals: a refusal is looked at again when one is upheld, and stands when it is dismissed or withdrawn."""

from __future__ import annotations

from typing import Any

import pytest
from listing_world import ListingWorld
from registry import Registry

from circularity.errors import BadInput, NotAllowed, RuleBroken
from circularity.organisations import Organisation
from circularity.whitelist.appeals import appeal, dismiss, uphold, waiting_appeal, withdraw_appeal
from circularity.whitelist.applications import Application
from circularity.whitelist.deciding import refuse


@pytest.fixture
def world(registry: Registry) -> ListingWorld:
    return ListingWorld(registry)


def _about(application: Application, by: Organisation) -> dict[str, Any]:
    return {"application": application, "by": by}


def test_a_refusal_needs_reasons_and_an_upheld_appeal_opens_the_review_again(world: ListingWorld) -> None:
    application = world.under_review()
    with pytest.raises(BadInput):
        refuse(**world.act(), **_about(application, world.jiangsu), reasons=" ")
    refuse(**world.act(), **_about(application, world.jiangsu), reasons="工艺不符")
    assert (application.status, application.reasons) == ("refused", "工艺不符")
    raised = appeal(**world.act(), about=application, by=world.owner, reason="已改造")
    with pytest.raises(RuleBroken, match="waiting already"):
        appeal(**world.act(), about=application, by=world.owner, reason="again")
    with pytest.raises(NotAllowed):
        uphold(**world.act(), appeal=raised, by=world.shanghai, answer="同意")
    uphold(**world.act(), appeal=raised, by=world.jiangsu, answer="同意")
    assert (application.status, raised.status) == ("under_review", "upheld")
    assert waiting_appeal(world.registry.session, application) is None


def test_a_dismissed_or_withdrawn_appeal_changes_nothing(world: ListingWorld) -> None:
    application = world.under_review()
    refuse(**world.act(), **_about(application, world.jiangsu), reasons="工艺不符")
    first = appeal(**world.act(), about=application, by=world.owner, reason="x")
    dismiss(**world.act(), appeal=first, by=world.jiangsu, answer="维持")
    second = appeal(**world.act(), about=application, by=world.owner, reason="y")
    with pytest.raises(NotAllowed):
        withdraw_appeal(**world.act(), appeal=second, by=world.jiangsu)
    withdraw_appeal(**world.act(), appeal=second, by=world.owner)
    assert (application.status, first.status, second.status) == ("refused", "dismissed", "withdrawn")


def test_what_was_not_decided_cannot_be_appealed_and_not_by_strangers(world: ListingWorld) -> None:
    application = world.submitted()
    with pytest.raises(RuleBroken, match="no decision"):
        appeal(**world.act(), about=application, by=world.owner, reason="x")
    with pytest.raises(NotAllowed):
        appeal(**world.act(), about=application, by=world.jiangsu, reason="x")
