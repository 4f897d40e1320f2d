"""What a site says it generates of one waste in a year."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from circularity.audit import Actor, record
from circularity.columns import between, mass, new_public_id
from circularity.database import STRICT, Base
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.organisations import Site


class GenerationDeclaration(Base):
    """What a site says of one waste in one calendar year, kg; declaring again replaces, the chain remembers.

    What is neither used, disposed of at home nor utilised elsewhere is what the site has to place.
    """

    __tablename__ = "generation_declarations"
    __table_args__ = (
        UniqueConstraint("site_id", "waste_code", "year", name="uq_generation_declarations_site_waste_year"),
        between("year", 2000, 2100),
        mass("generated_kg"),
        mass("own_utilised_kg"),
        mass("own_disposed_kg"),
        mass("entrusted_elsewhere_utilised_kg"),
        CheckConstraint(
            "own_utilised_kg + own_disposed_kg + entrusted_elsewhere_utilised_kg <= generated_kg",
            name="no_more_than_generated",
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    waste_code: Mapped[str]
    year: Mapped[int]
    generated_kg: Mapped[int]
    own_utilised_kg: Mapped[int]
    own_disposed_kg: Mapped[int]
    entrusted_elsewhere_utilised_kg: Mapped[int]
    declared_at: Mapped[datetime]

    site: Mapped[Site] = relationship()


def declare_generation(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    site: Site,
    waste_code: str,
    year: int,
    generated_kg: int,
    own_utilised_kg: int,
    own_disposed_kg: int,
    entrusted_elsewhere_utilised_kg: int = 0,
) -> GenerationDeclaration:
    """Declare, or declare anew, what a site generates of one waste in a calendar year, kg.

    Raises BadInput for malformed values; RuleBroken `more_than_generated` when the parts exceed the whole.
    """
    checks = Checks("generation")
    code, year = checks.waste_code("waste_code", waste_code), checks.whole("year", year, 2000, 2100)
    masses = {
        "generated_kg": checks.kilograms("generated_kg", generated_kg),
        "own_utilised_kg": checks.kilograms("own_utilised_kg", own_utilised_kg),
        "own_disposed_kg": checks.kilograms("own_disposed_kg", own_disposed_kg),
        "entrusted_elsewhere_utilised_kg": checks.kilograms(
            "entrusted_elsewhere_utilised_kg", entrusted_elsewhere_utilised_kg
        ),
    }
    checks.finish()
    placed_kg = sum(masses.values()) - masses["generated_kg"]
    if placed_kg > masses["generated_kg"]:
        zh, en = "利用与处置之和大于产生量", "what was used and disposed of exceeds what was generated"
        raise RuleBroken("more_than_generated", zh, en, field="generated_kg", **masses)
    if site.id is None:
        session.flush()
    declared = session.scalar(
        select(GenerationDeclaration).filter_by(site_id=site.id, waste_code=code, year=year)
    )
    before = {name: getattr(declared, name) for name in masses} if declared else {}
    if declared is None:
        declared = GenerationDeclaration(public_id=new_public_id(), site=site, waste_code=code, year=year)
        session.add(declared)
    declared.declared_at = at
    for name, value in masses.items():
        setattr(declared, name, value)
    facts = {"site": site, "waste_code": code, "year": year, "before": before, **masses}
    record(session, actor, at, "generation.declared", declared, facts)
    return declared
