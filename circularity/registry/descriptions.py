"""What a site says of the nature of a waste: how it arises, what it looks like, what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from circularity.audit import Actor, record
from circularity.catalogue.waste_types import is_hazardous
from circularity.columns import between, new_public_id
from circularity.database import STRICT, Base
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.organisations import Site

FACTS = ("grade", "arising_step", "physical_state", "components", "pollution_character")
"""Class (I or II) · step of the process that it arises in · state · main components · pollution character, as
the inventory of the general-waste ledger asks for them; free text, "" = not said."""


class WasteDescription(Base):
    """One waste of one site as described in a year; it holds for later years until it is described anew."""

    __tablename__ = "waste_descriptions"
    __table_args__ = (
        UniqueConstraint("site_id", "waste_code", "year", name="uq_waste_descriptions_site_waste_year"),
        between("year", 2000, 2100),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    waste_code: Mapped[str]
    year: Mapped[int]
    grade: Mapped[str]
    arising_step: Mapped[str]
    physical_state: Mapped[str]
    components: Mapped[str]
    pollution_character: Mapped[str]
    described_at: Mapped[datetime]

    site: Mapped[Site] = relationship()

    @property
    def facts(self) -> dict[str, str]:
        """What is said, by the words of FACTS."""
        return {name: getattr(self, name) for name in FACTS}


def describe_waste(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    site: Site,
    waste_code: str,
    year: int,
    facts: Mapping[str, str],
) -> bool:
    """Describe a waste from a year on; False when that is what stands for the year already.

    What `facts` leave out stays as it stood, what they give as "" is no longer said. Raises BadInput;
    RuleBroken `not_general` for hazardous waste, `nothing_said` for a first description without a word.
    """
    checks = Checks("description")
    code, year = checks.waste_code("waste_code", waste_code), checks.whole("year", year, 2000, 2100)
    said = {name: checks.text(name, facts[name], required=False) for name in FACTS if name in facts}
    checks.finish()
    _require_general(code)
    standing = descriptions(session, site, year).get(code)
    before = standing.facts if standing else dict.fromkeys(FACTS, "")
    after = before | said
    if standing is None and not any(after.values()):
        zh, en = "请至少填写一项性状", "say at least one thing of it"
        raise RuleBroken("nothing_said", zh, en, field=FACTS[0])
    if after == before:
        return False
    if standing is None or standing.year != year:
        standing = WasteDescription(public_id=new_public_id(), site=site, waste_code=code, year=year)
        session.add(standing)
    standing.described_at = at
    for name, text in after.items():
        setattr(standing, name, text)
    record(session, actor, at, "waste.described", standing, {"site": site, "waste_code": code, **after})
    return True


def descriptions(session: Session, site: Site, year: int) -> dict[str, WasteDescription]:
    """Return what holds of a site's wastes in a year, by code: each as described last up to it."""
    session.flush()
    rows = session.scalars(
        select(WasteDescription)
        .where(WasteDescription.site_id == site.id, WasteDescription.year <= year)
        .order_by(WasteDescription.year)
    )
    return {row.waste_code: row for row in rows}


def _require_general(code: str) -> None:
    if is_hazardous(code):
        zh = "附表1 只列一般工业固体废物，危险废物不在其中描述"
        en = "table 1 lists general industrial waste; hazardous waste is not described in it"
        raise RuleBroken("not_general", zh, en, field="waste_code")
