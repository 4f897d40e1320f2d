"""Which rows are about the kinds of waste that an authority's office is limited to.

It says of many rows in a query what `policy_facts` says of one, so that lists tell no more than single pages.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from circularity.custody.manifests import Transfer, TransferLine
from circularity.custody.reception import Receipt, Treatment, TreatmentInput
from circularity.deals.contract import Agreement, AgreementProcedure
from circularity.registry.outputs import Output
from circularity.runs.stored import Proposal

Code = InstrumentedAttribute[str]

_ELSEWHERE: Mapping[type[Any], tuple[InstrumentedAttribute[int], Select[Any], Code]] = MappingProxyType(
    {
        Transfer: (Transfer.id, select(TransferLine.transfer_id), TransferLine.waste_code),
        Receipt: (Receipt.line_id, select(TransferLine.id), TransferLine.waste_code),
        Treatment: (
            Treatment.id,
            select(TreatmentInput.treatment_id).join(Receipt).join(Receipt.line),
            TransferLine.waste_code,
        ),
        Proposal: (Proposal.output_id, select(Output.id), Output.waste_code),
        AgreementProcedure: (AgreementProcedure.agreement_id, select(Agreement.id), Agreement.waste_code),
    }
)
"""Rows that have their wastes in other tables: a key of theirs, where it is found, and the code there."""


def about(row: type[Any], kinds: Collection[str]) -> ColumnElement[bool]:
    """Return the condition for rows of a table that are about some kinds of waste; no kinds = all rows.

    What has no waste of its own, such as a site, is about none of them.
    """
    if not kinds:
        return true()
    if row in _ELSEWHERE:
        key, found, code = _ELSEWHERE[row]
        return key.in_(found.where(_of_kinds(code, kinds)))
    return _of_kinds(row.waste_code, kinds) if hasattr(row, "waste_code") else false()


def _of_kinds(code: Code, kinds: Collection[str]) -> ColumnElement[bool]:
    # 900-001-S06 is of SW06, 398-007-34 of HW34
    ends = [f"-S{kind[2:]}" if kind.startswith("SW") else f"-{kind[2:]}" for kind in kinds]
    return or_(*(code.endswith(end) for end in sorted(ends)))
