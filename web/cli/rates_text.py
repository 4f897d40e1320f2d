"""Reported rates and used capacity as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from circularity.catalogue import regions, streams
from circularity.rates.capacity_used import WARNINGS, LineUse
from circularity.rates.formula import (
    Rate,
    Sums,
    disposal_rate,
    plain_ratio,
    storage_rate,
    utilisation_rate,
)
from circularity.rates.reported import LABEL_EN, LABEL_ZH, Report, ScopeReport
from circularity.units import format_scaled
from web.cli.text_table import text_table

NO_STATISTIC = (
    "平台口径，不等于统计口径；未登记单位不在其中 · "
    "platform basis, no official statistic; organisations that are not registered are missing"
)
NOTHING = "该期间没有入账 · nothing was booked in this period"
_SCOPES = {"general": "一般工业固废 general", "bulk": "大宗 bulk"}
_SHOWN_CLOSING, _SHOWN_LIMITS = 5, 15


def report_lines(reports: Sequence[Report]) -> list[str]:
    """Return the rates of every region that has any, what they rest on, and what would close a gap."""
    found = [
        (report.region, scope) for report in reports for scope in report.scopes if scope.accepted != Sums()
    ]
    period = reports[0].period
    lines = [f"申报利用率 · reported rates {period.first} – {period.last}: {LABEL_ZH} · {LABEL_EN}"]
    if not found:
        return [*lines, f"  {NOTHING}"]
    header = ("区域 region", "范围 scope", "产生 generated t", "利用 utilised t", "往年 of old stock t",
              "利用率 official", "严格 strict", "简单比 plain", "处置率 disposal", "贮存率 storage",
              "目标 target", "缺口 missing t")  # fmt: skip
    lines += text_table(header, [_rate_row(region, scope) for region, scope in found], left=2)
    lines += ["", "证据 · evidence of what is utilised", *_evidence_lines(found)]
    lines += ["", "覆盖率 · coverage", *_coverage_lines(found)]
    over = {
        scope.target.document_zh: scope.target for _, scope in found if scope.target and scope.target_over
    }
    lines += [
        f"  * 目标期已于 {target.period_to} 结束 · the target's period is over: {target.document_zh}"
        for target in over.values()
    ]
    return [*lines, *(line for region, scope in found for line in _closing_lines(region, scope))]


def table_lines(key: str, rows: Mapping[str, Sums]) -> list[str]:
    """Return sums told apart by a key."""
    header = (
        key,
        "产生 generated t",
        "利用 utilised t",
        "处置 disposed t",
        "贮存 stored t",
        "利用率 official",
    )
    cells = [
        [
            _key_name(key, place), _t(row.generated_kg), _t(row.utilised_kg), _t(row.disposed_kg),
            _t(row.stored_kg), _shown(utilisation_rate(row)),
        ]
        for place, row in rows.items()
    ]  # fmt: skip
    return text_table(header, cells)


def use_lines(uses: Iterable[LineUse]) -> list[str]:
    """Return the fullest of the limits whose use is warned of, and how many there are."""
    warned = [use for use in uses if use.warning]
    rows = [
        [
            use.facility.site.organisation.name_zh,
            f"{use.line.waste_pattern} {use.line.operation}" if use.line else _POOLS[use.kind],
            _t(use.received_kg), _t(use.permitted_kg), f"≥ {use.warning} %",
            use.full_on.isoformat() if use.full_on else "–",
        ]
        for use in warned[:_SHOWN_LIMITS]
    ]  # fmt: skip
    header = (
        "设施 facility",
        "许可 limit",
        "已接收 received t",
        "许可量 permitted t",
        "预警 warning",
        "用满日 full on",
    )
    head = f"许可能力使用达 {WARNINGS[0]} % 以上 · limits used to {WARNINGS[0]} % and more: {len(warned)}"
    return ["", head, *text_table(header, rows, left=2)] if rows else []


_POOLS = {
    "group": "几类合计 lines together",
    "entitlement": "许可合计 whole entitlement",
    "facility": "设施合计 whole facility",
}


def _evidence_lines(found: Sequence[tuple[str, ScopeReport]]) -> list[str]:
    header = (
        "区域 region",
        "范围 scope",
        "凭接收签字 receipts t",
        "自行利用 own use t",
        "自行申报 declared t",
    )
    rows = [
        [*_names(region, scope), *map(_t, scope.accepted.by_evidence.values())] for region, scope in found
    ]
    return text_table(header, rows, left=2)


def _coverage_lines(found: Sequence[tuple[str, ScopeReport]]) -> list[str]:
    """Return the coverage of every region with an official figure; where none has one, that it is unknown."""
    known = [(region, scope.coverage) for region, scope in found if scope.coverage.official]
    if not known:
        nowhere = found[0][1].coverage
        return [f"  {nowhere.sentence_zh} {nowhere.sentence_en}"]
    return [
        line
        for region, coverage in known
        for line in (f"  {_region(region)}: {coverage.sentence_zh}", f"    {coverage.sentence_en}")
    ]


def _rate_row(region: str, found: ScopeReport) -> list[str]:
    sums = found.accepted
    target = f"{format_scaled(found.target.rate_permille, 10)} %" if found.target else "–"
    return [
        *_names(region, found), _t(sums.generated_kg), _t(sums.utilised_kg), _t(sums.utilised_old_kg),
        _shown(found.rate), _shown(utilisation_rate(found.treated)), _shown(plain_ratio(sums)),
        _shown(disposal_rate(sums)), _shown(storage_rate(sums)), target + (" *" if found.target_over else ""),
        _t(found.missing_kg) if found.target else "–",
    ]  # fmt: skip


def _closing_lines(region: str, found: ScopeReport) -> list[str]:
    if not found.closing:
        return []
    words = "可补缺口的未匹配批次 · unmatched outputs that would close the gap"
    return [
        "",
        f"  {' '.join(_names(region, found))}: {words}",
        *(
            f"    {lot.unmatched.output.public_id[:12]}  {lot.unmatched.output.waste_code}  "
            f"{_t(lot.unmatched.mass_kg)} t  → 仍缺 still missing {_t(lot.still_missing_kg)} t"
            for lot in found.closing[:_SHOWN_CLOSING]
        ),
    ]


def _names(region: str, found: ScopeReport) -> tuple[str, str]:
    return _region(region), _SCOPES[found.scope]


def _region(prefix: str) -> str:
    if not prefix:
        return "长三角 Delta"
    try:
        region = regions.get(prefix.ljust(6, "0"))
    except regions.UnknownRegion:
        return prefix
    return f"{region.name_zh} {region.name_en}"


def _key_name(key: str, place: str) -> str:
    if key in ("province", "city"):
        return _region(place)
    if key == "stream":
        stream = streams.get(place)
        return f"{stream.name_zh} {stream.name_en}"
    return place


def _shown(rate: Rate) -> str:
    return "–" if rate.hundredths is None else f"{rate.hundredths / 100:.2f} %"


def _t(mass_kg: int) -> str:
    """Return kilograms as whole tonnes with separators; the exact kilograms are in the JSON."""
    return f"{(mass_kg + 500) // 1000:,}"
