"""What the sender's ledger tells of a hazardous load changes nothing that was signed."""

from __future__ import annotations

import pytest
from deal_rows import Deal, deal
from registry import ACID, Registry, T

from circularity.audit import AuditEvent
from circularity.custody.line_handling import handlings_of, tell_handling
from circularity.custody.seals import verify_signatures
from circularity.custody.transfers import cancel
from circularity.errors import BadInput, RuleBroken
from circularity.ledger.handling import Handling

DRUMS = Handling("吨桶", "T1", 3, "TS001", "李阳", "赵龙")


@pytest.fixture
def acid(registry: Registry) -> Deal:
    told = deal(registry, waste_code=ACID)
    told.agreement.output = registry.output(100, ACID, site=told.works, plan_mass_kg=100 * T)
    registry.session.flush()
    return told


def test_a_signed_load_is_told_and_told_anew(acid: Deal) -> None:
    load, session = acid.at_the_gate(5), acid.registry.session
    (line,) = load.lines
    assert tell_handling(**acid.act, line=line, handling=DRUMS)
    assert not tell_handling(**acid.act, line=line, handling=DRUMS)
    assert tell_handling(**acid.act, line=line, handling=Handling("罐车"))
    assert handlings_of(session, load.lines) == {line.id: Handling("罐车")}
    assert not verify_signatures(load)
    assert session.query(AuditEvent).filter_by(action="transfer.handling_told").count() == 2


def test_nothing_told_of_a_load_of_which_nothing_is_told_is_no_event(acid: Deal) -> None:
    load = acid.at_the_gate(5)
    assert not tell_handling(**acid.act, line=load.lines[0], handling=Handling())


def test_drafts_cancelled_loads_and_general_waste_are_in_no_stage(registry: Registry, acid: Deal) -> None:
    draft, general = acid.draft(5), deal(registry).at_the_gate(5)
    gone = acid.draft(5)
    acid.sign(gone, "sender")
    cancel(**acid.act, transfer=gone, reason="误签")
    for load, rule in ((draft, "not_sent"), (gone, "not_sent"), (general, "not_hazardous")):
        with pytest.raises(RuleBroken) as refused:
            tell_handling(**acid.act, line=load.lines[0], handling=DRUMS)
        assert refused.value.code == rule


def test_a_count_that_is_none_is_told_at_its_line(acid: Deal) -> None:
    with pytest.raises(BadInput) as refused:
        tell_handling(**acid.act, line=acid.draft(5).lines[0], handling=Handling(container_count=0))
    assert [problem.column for problem in refused.value.problems] == ["lines.1.container_count"]
