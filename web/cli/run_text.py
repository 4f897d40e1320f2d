"""A stored run and its planned rates as lines for a terminal and as plain values for JSON."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circularity.acceptance import ADVICE_EN, ADVICE_ZH
from circularity.catalogue import regions
from circularity.rates.planned import LABEL_EN, LABEL_ZH, PlannedRate
from circularity.rates.planned_mass import STAGES
from circularity.runs.stored import MatchingRun, Proposal, in_plan_of, reasons_of_run, unmatched_of_run
from circularity.units import format_scaled, format_tonnes
from matching.reasons.words import reason_words
from web.cli.text_table import text_table

TOP = 5
ADVICE = (
    "撮合建议：不产生义务，不预留产能，不替代审批和尽职调查 · "
    "advice: it creates no duty, reserves nothing and replaces no approval and no due diligence"
)
FICTIONAL = "数据均为虚构，仅供演示 · the data are fictional, for show only"
_SCOPES = {"general": "一般工业固废 general", "bulk": "大宗 bulk"}
_CHANGES = {
    "kept": "保留 kept", "renewed": "条件更新 renewed", "new": "新增 new", "changed": "变量 changed",
    "gone": "取消 gone",
}  # fmt: skip
_PER_CENT = 100


def conditions_of(session: Session, run: MatchingRun) -> list[tuple[str, int]]:
    """Return (condition, kg waiting for it) of a run, heaviest first; mass may wait for several."""
    waiting: dict[str, int] = {}
    rows = session.execute(
        select(Proposal.conditions, func.sum(Proposal.mass_kg))
        .where(in_plan_of(run, Proposal))
        .group_by(Proposal.conditions)
    )
    for codes, mass_kg in rows:
        for code in codes:
            waiting[code] = waiting.get(code, 0) + int(mass_kg)
    return sorted(waiting.items(), key=lambda item: (-item[1], item[0]))


def run_values(session: Session, run: MatchingRun) -> dict[str, Any]:
    """Return a run as plain values, masses in tonnes as decimal texts."""
    return {
        "run": run.public_id,
        "as_of": run.as_of.isoformat(),
        "status": run.status,
        "engine": run.engine,
        "case_digest": run.case_digest,
        "outputs": run.outputs,
        "windows": run.windows,
        "supply_t": format_tonnes(run.supply_kg),
        "placed_t": format_tonnes(run.placed_kg),
        "can_move_today_t": format_tonnes(run.can_move_today_kg),
        "after_procedures_t": format_tonnes(run.placed_kg - run.can_move_today_kg),
        "unmatched_t": format_tonnes(run.unmatched_kg),
        "conditions": [
            {"condition": code, "mass_t": format_tonnes(kg)} for code, kg in conditions_of(session, run)
        ],
        "by_reason": [
            {"reason": reason, "outputs": outputs, "mass_t": format_tonnes(kg)}
            for reason, outputs, kg in reasons_of_run(session, run)
        ],
        "changes": run.figures.get("changes", {}),
        "fictional": run.fictional,
        "notice": ADVICE,
    }


def run_lines(session: Session, run: MatchingRun) -> list[str]:
    """Return what a run placed, what must be granted first, and why the rest found nothing."""
    waits_kg = run.placed_kg - run.can_move_today_kg
    conditions = [[_words(code, run.as_of), _t(kg)] for code, kg in conditions_of(session, run)]
    reasons = [
        [_words(code, run.as_of), f"{n:,}", _t(kg)] for code, n, kg in reasons_of_run(session, run)[:TOP]
    ]
    lines = [
        f"区域撮合 · region-wide match {run.as_of.isoformat()}: {run.status}，已核验 verified, {run.engine}",
        f"  待处理 · to place          {_t(run.supply_kg):>14} t   ({run.outputs} × {run.windows})",
        f"  已匹配 · placed            {_t(run.placed_kg):>14} t   {_share(run.placed_kg, run.supply_kg)}",
        f"    今日可转移 · can move today    {_t(run.can_move_today_kg):>10} t",
        f"    办理手续后 · after procedures  {_t(waits_kg):>10} t",
        f"  未匹配 · unmatched         {_t(run.unmatched_kg):>14} t",
    ]
    if changes := run.figures.get("changes"):
        told = " · ".join(f"{words} {changes[kind]:,}" for kind, words in _CHANGES.items())
        lines += [f"  与上次相比 · since the run before, pairs: {told}"]
    if conditions:
        lines += ["", "先办手续 · procedures to be granted first"]
        lines += text_table(("手续 procedure", "t"), conditions)
    if reasons:
        lines += ["", "未匹配的主要原因 · top reasons for what is unmatched"]
        lines += text_table(("原因 reason", "批次 outputs", "t"), reasons)
        lines += [f"  逐条查看 · one by one: circularity recommend output {_heaviest(session, run)}"]
    return lines


def rate_values(rates: list[PlannedRate]) -> list[dict[str, Any]]:
    """Return planned rates as plain values; rates in percent as decimal texts, masses in tonnes."""
    return [
        {
            "scope": rate.scope,
            "region": rate.region,
            "label": LABEL_EN,
            "generated_t": format_tonnes(rate.generated_kg),
            "utilised_t": format_tonnes(rate.utilised_kg),
            "utilised_today_t": format_tonnes(rate.utilised_today_kg),
            "agreed_t": format_tonnes(rate.balance.agreed_kg),
            "reserved_t": format_tonnes(rate.balance.reserved_kg),
            "proposed_t": format_tonnes(rate.balance.proposed_kg),
            "rate_percent": _percent(rate.rate),
            "rate_today_percent": _percent(rate.rate_today),
            "target_percent": format_scaled(rate.target.rate_permille, 10) if rate.target else None,
            "target_document": rate.target.document_zh if rate.target else None,
            "target_period_to": rate.target.period_to.isoformat() if rate.target else None,
            "target_period_over": rate.target_over,
            "missing_t": format_tonnes(rate.missing_kg),
            "coverage": rate.coverage_en,
            "formula_version": rate.formula_version,
        }
        for rate in rates
    ]


def rate_lines(rates: list[PlannedRate]) -> list[str]:
    """Return planned rates beside their targets, with what the rates rest on and which periods are over."""
    header = (
        "区域 region",
        "范围 scope",
        "产生 generated t",
        "今日 today",
        "手续后 after",
        "目标 target",
        "缺口 missing t",
    )
    rows = [
        [
            _region(rate.region),
            _SCOPES[rate.scope],
            _t(rate.generated_kg),
            _shown(rate.rate_today),
            _shown(rate.rate),
            _target(rate),
            _t(rate.missing_kg) if rate.target else "–",
        ]
        for rate in rates
        if rate.generated_kg
    ]
    lines = [f"利用率与目标 · rates against targets: {LABEL_ZH} · {LABEL_EN}"]
    lines += text_table(header, rows, left=2)
    over = {rate.target.document_zh: rate.target for rate in rates if rate.target and rate.target_over}
    lines += [
        f"  * 目标期已于 {target.period_to} 结束 · the target's period is over: {target.document_zh} · "
        f"{target.document_en}"
        for target in over.values()
    ]
    widest = max(rates, key=lambda rate: rate.generated_kg)
    b = widest.balance
    planned = (
        f"  计划利用 · planned：协议 agreed {_t(b.agreed_kg)} t + 一方已接受 accepted by one side "
        f"{_t(b.reserved_kg)} t + 撮合建议 proposed {_t(b.proposed_kg)} t"
    )
    return [*lines, planned, f"  {widest.coverage_zh}", f"  {widest.coverage_en}"]


def stage_values(table: dict[str, dict[str, int]]) -> dict[str, dict[str, str]]:
    """Return masses by stage in tonnes as decimal texts."""
    return {
        place: {f"{stage}_t": format_tonnes(kg) for stage, kg in masses.items()}
        for place, masses in table.items()
    }


def stage_lines(key: str, table: dict[str, dict[str, int]]) -> list[str]:
    """Return masses by stage as a table, in whole tonnes; nothing of it is reported."""
    header = (
        key,
        "协议 agreed t",
        "一方已接受 accepted by one t",
        "撮合建议 proposed t",
        "无去处 no outlet t",
    )
    rows = [[place or "–", *(_t(masses[stage]) for stage in STAGES)] for place, masses in table.items()]
    return ["计划去向 · where planned mass stands", *text_table(header, rows)]


def closing_lines(*, fictional: bool) -> list[str]:
    """Return what every printed plan says at its end."""
    return [ADVICE, f"{ADVICE_ZH} · {ADVICE_EN}", *([FICTIONAL] if fictional else [])]


def _words(code: str, on: date) -> str:
    words = reason_words(code, on)
    return f"{words.name_zh} · {words.name_en}"


def _heaviest(session: Session, run: MatchingRun) -> str:
    return unmatched_of_run(session, run, limit=1)[0].output.public_id


def _region(prefix: str) -> str:
    if not prefix:
        return "长三角 Delta"
    region = regions.get(prefix.ljust(6, "0"))
    return f"{region.name_zh} {region.name_en}"


def _target(rate: PlannedRate) -> str:
    if rate.target is None:
        return "–"
    return f"{format_scaled(rate.target.rate_permille, 10)} %{' *' if rate.target_over else ''}"


def _percent(rate: int | None) -> str | None:
    return None if rate is None else format_scaled(rate, _PER_CENT)


def _shown(rate: int | None) -> str:
    return "–" if rate is None else f"{rate / _PER_CENT:.2f} %"


def _share(part_kg: int, whole_kg: int) -> str:
    return f"{100 * part_kg / whole_kg:.1f} %" if whole_kg else ""


def _t(mass_kg: int) -> str:
    """Return kilograms as whole tonnes with separators; the exact kilograms are in the JSON."""
    return f"{(mass_kg + 500) // 1000:,}"
