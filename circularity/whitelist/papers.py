"""The papers of an application: taking a file in, and what is still lacking before it can be submitted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.catalogue.listing_rules import paper_kinds, papers_for
from circularity.catalogue.settings import setting
from circularity.catalogue.waste_codes import EVERYTHING, kind_of
from circularity.columns import new_public_id
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.lifecycle import legal_acts
from circularity.organisations import Organisation
from circularity.registry.entitlements import EntitlementLine
from circularity.whitelist.applications import Application, ApplicationPaper
from circularity.whitelist.offices import proposer

_BEGINS = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
"""How the files of the kinds that are taken begin; names and headers can say anything."""


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that an application lacks; `code` is `paper.<kind>` or names the rule that is not met."""

    code: str
    zh: str
    en: str


def hand_in(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    application: Application,
    by: Organisation,
    kind: str,
    title: str,
    content: bytes,
) -> ApplicationPaper:
    """Add a file to an application that is still with its applicant; the same file again changes nothing.

    Raises BadInput for an unknown kind, an empty or too large file and a format that is not taken (PDF, PNG,
    JPEG); NotAllowed for strangers; RuleBroken `not_open` once submitted, `too_many_papers`,
    `known_paper` for a file that is there as another kind.
    """
    on = delta_day(at)
    proposer(session, by, application.facility, on, application.accepted_origins)
    if "submit" not in legal_acts("application", application.status):
        zh, en = "申报已提交，不能再加材料", "the application is no longer with its applicant"
        raise RuleBroken("not_open", zh, en, status=application.status)
    digest = hashlib.sha256(content).hexdigest()
    known = next((paper for paper in application.papers if paper.sha256 == digest), None)
    if known is not None and known.kind == kind:
        return known
    if known is not None:
        zh = f"该文件已作为另一类材料提交（{known.title}），请为本类材料另交一份文件"
        en = f"this file is there already as another kind of paper ({known.title}): send one for this kind"
        raise RuleBroken("known_paper", zh, en, paper=known.public_id, kind=known.kind)
    if len(application.papers) >= setting("whitelist_papers", on).value:
        zh, en = "材料件数已达上限", "the application has as many files as it may"
        raise RuleBroken("too_many_papers", zh, en, papers=len(application.papers))
    checks = Checks("application_paper")
    values = {
        "organisation": by,
        "kind": checks.word("kind", kind, paper_kinds()),
        "title": checks.text("title", title),
        "media_type": _media_type(checks, content, setting("whitelist_paper_bytes", on).value),
    }
    checks.finish()
    paper = ApplicationPaper(
        public_id=new_public_id(),
        sha256=digest,
        size_bytes=len(content),
        content=content,
        handed_in_at=at,
        **values,
    )
    application.papers.append(paper)
    told = {"paper": paper.public_id, "sha256": digest, "size_bytes": len(content)}
    record(session, actor, at, "application.paper_handed_in", application, values | told)
    return paper


def lacks(application: Application, on: date) -> list[Lack]:
    """Return what an application lacks as of a day, papers first; empty = complete."""
    handed_in = {paper.kind for paper in application.papers}
    wanted = papers_for(application.list_kind, on, renewal=application.renews_id is not None)
    papers = [
        Lack(f"paper.{row.paper}", f"缺少材料：{row.name_zh}", f"paper missing: {row.name_en}")
        for row in wanted
        if row.paper not in handed_in
    ]
    return [*papers, *unfit(application, on)]


def unfit(application: Application, on: date) -> list[Lack]:
    """Return what stands against an entry as asked for, whatever papers there are."""
    found = []
    province = application.province
    if not any(origin[:2] != province for origin in application.accepted_origins):
        zh, en = "没有外省移出地，无需列入白名单", "no origin lies in another province, so no list is needed"
        found.append(Lack("origins", zh, en))
    if application.valid_to < on:
        found.append(Lack("over", "有效期已过", "its days are over"))
    if application.quota_kg is not None and application.valid_from.year != application.valid_to.year:
        zh, en = "有限额的条目须在一个自然年内", "an entry with a quota lies within one calendar year"
        found.append(Lack("quota_year", zh, en))
    if application.facility.standing:
        zh, en = "设施处于暂停、事故或黑名单状态", "the facility is suspended, flagged or blacklisted"
        found.append(Lack("standing", zh, en))
    return [*found, *_not_entitled(application)]


def _not_entitled(application: Application) -> list[Lack]:
    """A list changes the procedure and never a licence: it asks for no more than the facility may take."""
    lines = [line for line in _lines(application) if _covers(line, application)]
    if not lines:
        zh = "没有资质覆盖该废物、方式及整个有效期"
        en = "no entitlement covers this waste and operation over all the days"
        return [Lack("entitlement", zh, en)]
    limits = [line.annual_limit_kg for line in lines]
    known = [limit for limit in limits if limit is not None]
    quota = application.quota_kg
    if quota is not None and len(known) == len(limits) and quota > max(known):
        return [Lack("quota_above_licence", "限额高于许可量", "the quota lies above what is permitted")]
    return []


def _lines(application: Application) -> list[EntitlementLine]:
    return [line for entitlement in application.facility.entitlements for line in entitlement.lines]


def _covers(line: EntitlementLine, application: Application) -> bool:
    """Return whether a line holds all of what is asked for; a kind asked for needs a line for that kind."""
    asked = application.waste_pattern
    wastes = {asked, EVERYTHING} | ({kind_of(asked)} if asked != EVERYTHING else set())
    entitlement = line.entitlement
    begins = entitlement.valid_from is None or entitlement.valid_from <= application.valid_from
    ends = entitlement.valid_to is None or entitlement.valid_to >= application.valid_to
    return line.waste_pattern in wastes and line.operation == application.operation and begins and ends


def _media_type(checks: Checks, content: bytes, maximum: int) -> str:
    if not 1 <= len(content) <= maximum:
        zh, en = f"文件应为 1 至 {maximum} 字节", f"a file has 1 to {maximum} bytes"
        checks.refuse("file", "out_of_range", len(content), zh, en)
    for begins, media_type in _BEGINS.items():
        if content.startswith(begins):
            return media_type
    zh, en = "文件应为 PDF、PNG 或 JPEG", "a file is a PDF, a PNG or a JPEG"
    checks.refuse("file", "unknown_format", content[:8].hex(), zh, en)
    return ""
