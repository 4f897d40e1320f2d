"""Lists of what parties may see bring along what telling, and noting, a row needs."""

from __future__ import annotations

from typing import Any

from deal_rows import deal
from registry import Registry
from sqlalchemy import event, true

from circularity.custody.overdue import overdue
from circularity.party_listings import transfers
from circularity.policy_facts import facts_about


def asked_per_row(registry: Registry, rows: list[Any]) -> int:
    """Say what policy asks of each row, and count what the database is asked meanwhile."""
    asked: list[str] = []
    connection = registry.session.connection()

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(connection, "before_cursor_execute", hear)
    for row in rows:
        facts_about(row)
    event.remove(connection, "before_cursor_execute", hear)
    return len(asked)


def test_a_list_of_transfers_says_whose_each_is_without_asking_for_it_row_by_row(registry: Registry) -> None:
    for _ in range(3):
        deal(registry).at_the_gate()
    registry.session.expunge_all()
    rows = list(registry.session.scalars(transfers(true())).unique())
    assert (len(rows), asked_per_row(registry, rows)) == (3, 0)


def test_nor_does_a_list_of_overdue_loads(registry: Registry) -> None:
    made = [deal(registry).at_the_gate() for _ in range(3)]
    late = made[0].day_to.replace(month=12)
    registry.session.expunge_all()
    rows = [each.transfer for each in overdue(registry.session, late)]
    assert (len(rows), asked_per_row(registry, rows)) == (3, 0)
