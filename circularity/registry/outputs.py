"""Outputs: posted lots of waste looking for an outlet, and what a site says it generates in a year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from circularity.accounts.dormancy import refuse_dormant
from circularity.audit import Actor, record
from circularity.catalogue.waste_types import is_hazardous
from circularity.columns import MAX_DISTANCE_M, amount, between, mass, new_public_id, one_of, ordered
from circularity.database import STRICT, Base
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.organisations import Site

STATUSES = ("waste", "by_product", "product")
VISIBILITIES = ("parties", "public")


class Output(Base):
    """One lot of waste from one site, kg; a recurring flow is one row per occurrence.

    Days are a closed interval, None unbounded; money is µCNY/kg (`price`: what the generator asks, negative
    pays). With `visibility` parties others see its mass in bands only. `withdrawn_at` takes it out of runs.
    """

    __tablename__ = "outputs"
    __table_args__ = (
        mass("mass_kg", 1),
        mass("plan_mass_kg"),
        mass("min_lot_kg"),
        between("max_distance_m", 0, MAX_DISTANCE_M),
        amount("max_net_cost_ucny_per_kg"),
        amount("price_ucny_per_kg"),
        ordered("available_from", "available_to"),
        one_of("status", STATUSES),
        one_of("visibility", VISIBILITIES),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    waste_code: Mapped[str] = mapped_column(index=True)
    mass_kg: Mapped[int]
    available_from: Mapped[date | None]
    available_to: Mapped[date | None]
    allowed_operations: Mapped[tuple[str, ...]]
    max_distance_m: Mapped[int | None]
    max_net_cost_ucny_per_kg: Mapped[int | None]
    min_lot_kg: Mapped[int | None]
    price_ucny_per_kg: Mapped[int | None]
    storage_since: Mapped[date | None]
    status: Mapped[str]
    plan_mass_kg: Mapped[int | None]
    visibility: Mapped[str]
    posted_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    site: Mapped[Site] = relationship()
    assays: Mapped[list[Assay]] = relationship(cascade="all, delete-orphan", order_by="Assay.analyte")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own declaration


class Assay(Base):
    """One measured analyte of an output, in millionths of the unit in its name (`cl_mg_per_kg`)."""

    __tablename__ = "output_assays"
    __table_args__ = (amount("value_micro"), STRICT)

    output_id: Mapped[int] = mapped_column(ForeignKey("outputs.id"), primary_key=True)
    analyte: Mapped[str] = mapped_column(primary_key=True)
    value_micro: Mapped[int]


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


def post_output(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    site: Site,
    waste_code: str,
    mass_kg: int,
    available_from: date | None,
    available_to: date | None,
    allowed_operations: Sequence[str] = (),
    max_distance_m: int | None = None,
    max_net_cost_ucny_per_kg: int | None = None,
    min_lot_kg: int | None = None,
    price_ucny_per_kg: int | None = None,
    storage_since: date | None = None,
    status: str = "waste",
    plan_mass_kg: int | None = None,
    assays: Mapping[str, int] | None = None,
    visibility: str = "parties",
) -> Output:
    """Post a lot; units as in Output, `assays` in millionths of the unit in each name.

    Raises BadInput for malformed values; RuleBroken `relabel` for hazardous waste as by-product or product,
    `dormant_site`.
    """
    refuse_dormant(session, site)
    checks = Checks("output")
    checks.period("available_from", available_from, "available_to", available_to)
    measured = checks.analytes("assays", assays or {})
    values: dict[str, Any] = {
        "site": site,
        "waste_code": checks.waste_code("waste_code", waste_code),
        "mass_kg": checks.kilograms("mass_kg", mass_kg, 1),
        "available_from": available_from,
        "available_to": available_to,
        "allowed_operations": tuple(checks.operation("allowed_operations", o) for o in allowed_operations),
        "max_distance_m": checks.maybe("max_distance_m", max_distance_m, 0, MAX_DISTANCE_M),
        "max_net_cost_ucny_per_kg": checks.price("max_net_cost_ucny_per_kg", max_net_cost_ucny_per_kg),
        "min_lot_kg": checks.maybe("min_lot_kg", min_lot_kg),
        "price_ucny_per_kg": checks.price("price_ucny_per_kg", price_ucny_per_kg),
        "storage_since": storage_since,
        "status": checks.word("status", status, STATUSES),
        "plan_mass_kg": checks.maybe("plan_mass_kg", plan_mass_kg),
        "visibility": checks.word("visibility", visibility, VISIBILITIES),
    }
    checks.finish()
    _refuse_relabelling(values["waste_code"], status)
    output = Output(public_id=new_public_id(), posted_at=at, **values)
    output.assays = [Assay(analyte=name, value_micro=value) for name, value in sorted(measured.items())]
    session.add(output)
    record(session, actor, at, "output.posted", output, values | {"assays": measured})
    return output


def not_over(on: date) -> ColumnElement[bool]:
    """Return the condition that a lot stands on a day: neither withdrawn nor past its last day."""
    return Output.withdrawn_at.is_(None) & (Output.available_to.is_(None) | (Output.available_to >= on))


def withdraw_output(session: Session, *, actor: Actor, at: datetime, output: Output) -> None:
    """Take a lot out of future runs; withdrawing it again changes nothing."""
    if output.withdrawn_at is None:
        output.withdrawn_at = at
        record(session, actor, at, "output.withdrawn", output, {})


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


def _refuse_relabelling(waste_code: str, status: str) -> None:
    """Hazardous waste stays hazardous waste: a by-product's or product's label does not free it."""
    if status != "waste" and is_hazardous(waste_code):
        zh = "危险废物不得以副产品或产品名义转移"
        en = "hazardous waste may not be offered as a by-product or product"
        raise RuleBroken("relabel", zh, en, field="status")
