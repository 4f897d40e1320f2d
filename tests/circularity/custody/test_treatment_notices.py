"""Each sender is told of a treatment for itself, and sees the results by its share."""

from __future__ import annotations

from dataclasses import replace

import pytest
from deal_rows import DAY, agreement, deal
from registry import FLY_ASH, JIANGSU, Registry, T
from sqlalchemy import func, select

from circularity.audit import AuditEvent
from circularity.custody.receipts import Verdict, Weighed, decide, receive
from circularity.custody.reception import Receipt, Treatment
from circularity.custody.treatment_notices import Outcome, inputs_of, not_told, note_told, outcome_for
from circularity.custody.treatments import Result, record_treatment
from circularity.errors import NotAllowed


@pytest.fixture
def two_works(registry: Registry) -> tuple[Treatment, list[Receipt]]:
    """30 t of one works and 10 t of another, treated together into 36 t of product and 4 t of loss."""
    first = deal(registry)
    second = replace(first, works=registry.site(JIANGSU))
    second.agreement = agreement(registry, second.works, first.agreement.line, FLY_ASH)
    registry.grant(first.plant, origin_region="32")
    receipts = []
    for each, tonnes in ((first, 30), (second, 10)):
        load = each.at_the_gate(tonnes)
        receive(**each.act, transfer=load, weighed={1: Weighed(tonnes * T)})
        plant = load.facility.site.organisation
        receipts += decide(
            **each.act, transfer=load, organisation=plant, person="李四", verdicts={1: Verdict(tonnes * T)}
        )
    treatment = record_treatment(
        **first.act,
        facility=first.plant,
        operation=first.agreement.operation,
        day_from=DAY,
        day_to=DAY,
        inputs=[(receipt, None) for receipt in receipts],
        results=[Result("product", 36 * T), Result("loss", 4 * T)],
    )
    return treatment, receipts


def test_a_treatment_is_new_to_each_sender_until_it_opens_it(
    registry: Registry, two_works: tuple[Treatment, list[Receipt]]
) -> None:
    treatment, receipts = two_works
    session = registry.session
    one, two = (receipt.line.transfer.sender_site.organisation for receipt in receipts)

    def new_to(sender: object) -> int:
        return session.scalar(select(func.count()).select_from(Treatment).where(not_told(sender))) or 0  # type: ignore[arg-type]  # wrong, or unpacked, on purpose

    assert (new_to(one), new_to(two)) == (1, 1)
    for _ in range(2):
        note_told(session, **registry.act, treatment=treatment, sender=one)
    assert (new_to(one), new_to(two)) == (0, 1)
    assert [row.told_at for row in inputs_of(session, treatment, one)] == [registry.act["at"]]
    told = session.scalars(select(AuditEvent).filter_by(action="treatment.told")).all()
    assert [event.facts for event in told] == [{"sender": one.public_id, "loads": [receipts[0].public_id]}]


def test_nobody_else_is_told(registry: Registry, two_works: tuple[Treatment, list[Receipt]]) -> None:
    stranger = registry.organisation()
    registry.session.flush()
    with pytest.raises(NotAllowed, match="no load of this organisation"):
        note_told(registry.session, **registry.act, treatment=two_works[0], sender=stranger)


def test_a_sender_sees_the_results_by_its_share(two_works: tuple[Treatment, list[Receipt]]) -> None:
    # 30 of 40 t went in: 27 of 36 t of product, 3 of 4 t of loss.
    results = {"product": 27 * T, "recovered": 0, "residue": 0, "loss": 3 * T}
    assert outcome_for(two_works[0], 30 * T) == Outcome(30 * T, results, is_whole=False)
    assert outcome_for(two_works[0], 40 * T).is_whole
