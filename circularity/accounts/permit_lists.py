"""Verifying many organisations at once from an authority's list of permits.

Only organisations that signed up and lie in the authority's region are verified: a list says that a permit
exists, and whoever signs up later for its holder still has to be looked at.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.accounts.standings import Standing, covers, settle
from circularity.audit import Actor
from circularity.errors import BadInput, InputProblem
from circularity.organisations import Organisation

HEADERS = {
    "credit_code": ("credit_code", "统一社会信用代码", "信用代码"),
    "permit_no": ("permit_no", "许可证编号", "许可证号", "排污许可证编号"),
}
MAX_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of a list: how many were verified now and before, and the codes nobody here has."""

    verified: int
    already: int
    not_signed_up: tuple[str, ...]


def import_permit_list(
    session: Session, *, actor: Actor, at: datetime, authority: Organisation, content: bytes
) -> Verified:
    """Verify the organisations of a CSV with a credit code and a permit number per row.

    UTF-8 or GB18030, Chinese or English headers. Raises BadInput with every wrong row; nothing is then done.
    """
    permits = _read(content)
    rows = session.scalars(select(Standing).join(Standing.organisation).where(Standing.authority_kind == ""))
    known = {row.organisation.credit_code: row for row in rows if row.organisation.credit_code in permits}
    foreign = [code for code, row in known.items() if not covers(authority, row.organisation)]
    if foreign:
        zh, en = "该单位不在本机关辖区", "this organisation is not in your region"
        raise BadInput([_problem(permits[code][1], "credit_code", "not_your_region", code, zh, en)
                        for code in sorted(foreign)])  # fmt: skip
    verified = 0
    for code, row in sorted(known.items()):
        if row.verification != "verified":
            reason = f"许可证 permit {permits[code][0]}"
            settle(session, actor=actor, at=at, organisation=row.organisation, verified=True, reason=reason,
                   by=authority.name_zh)  # fmt: skip
            verified += 1
    return Verified(verified, len(known) - verified, tuple(sorted(set(permits) - set(known))))


def _read(content: bytes) -> dict[str, tuple[str, int]]:
    """Return permit number and row by credit code."""
    table = csv.reader(io.StringIO(_decoded(content)))
    columns = _columns(next(table, []))
    permits: dict[str, tuple[str, int]] = {}
    problems: list[InputProblem] = []
    for number, cells in enumerate(table, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        code, permit = (cells[at].strip() if at < len(cells) else "" for at in columns)
        if len(code) != 18 or not code.isascii() or not code.isalnum():
            zh, en = "不是统一社会信用代码", "this is no credit code"
            problems.append(_problem(number, "credit_code", "malformed_credit_code", code, zh, en))
        elif not 1 <= len(permit) <= 100 or not permit.isprintable():
            zh, en = "缺少许可证编号或格式有误", "the permit number is missing or malformed"
            problems.append(_problem(number, "permit_no", "malformed_permit", permit, zh, en))
        permits.setdefault(code.upper(), (permit, number))
        if len(permits) > MAX_ROWS:
            zh, en = f"最多 {MAX_ROWS} 行", f"at most {MAX_ROWS} rows"
            raise BadInput([_problem(number, None, "too_many_rows", "", zh, en)])
    if problems:
        raise BadInput(problems)
    return permits


def _columns(header: list[str]) -> tuple[int, int]:
    names = [cell.strip().lower() for cell in header]
    found = []
    for column, aliases in HEADERS.items():
        places = [names.index(alias) for alias in aliases if alias in names]
        if not places:
            zh, en = f"缺少列 {aliases[1]}", f"the column {column} is missing"
            raise BadInput([_problem(1, column, "missing_column", ",".join(header)[:80], zh, en)])
        found.append(places[0])
    return found[0], found[1]


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    zh, en = "文件不是 UTF-8 或 GB18030 文本", "the file is neither UTF-8 nor GB18030 text"
    raise BadInput([_problem(None, None, "not_text", "", zh, en)])


def _problem(row: int | None, column: str | None, rule: str, found: str, zh: str, en: str) -> InputProblem:
    return InputProblem("permit list", row, column, rule, found[:80], zh, en)
