"""Outputs: posted lots of waste looking for an outlet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Required, TypedDict, Unpack

from sqlalchemy import ColumnElement, ForeignKey
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


class Terms(TypedDict, total=False):
    """What is said of a lot, in the units of Output; `assays` in millionths of the unit in each name."""

    waste_code: Required[str]
    mass_kg: Required[int]
    available_from: date | None
    available_to: date | None
    allowed_operations: Sequence[str]
    max_distance_m: int | None
    max_net_cost_ucny_per_kg: int | None
    min_lot_kg: int | None
    price_ucny_per_kg: int | None
    storage_since: date | None
    status: str
    plan_mass_kg: int | None
    assays: Mapping[str, int]
    visibility: str


def post_output(
    session: Session, *, actor: Actor, at: datetime, site: Site, **terms: Unpack[Terms]
) -> Output:
    """Post a lot; what is left out is unknown, unbounded, waste, and shown to the parties alone.

    Raises BadInput for malformed values; RuleBroken `relabel` for hazardous waste as by-product or product,
    `dormant_site`.
    """
    refuse_dormant(session, site)
    values = checked_terms(terms)
    output = Output(public_id=new_public_id(), posted_at=at, site=site)
    set_terms(output, values)
    session.add(output)
    record(session, actor, at, "output.posted", output, {"site": site, **values})
    return output


def checked_terms(terms: Mapping[str, Any]) -> dict[str, Any]:
    """Return all terms of a lot, canonical; raises what `post_output` raises of them."""
    said = {**_DEFAULTS, **terms}
    checks = Checks("output")
    checks.period("available_from", said["available_from"], "available_to", said["available_to"])
    checks.period("storage_since", said["storage_since"], "storage_since", said["storage_since"])
    values: dict[str, Any] = {
        "waste_code": checks.waste_code("waste_code", said["waste_code"]),
        "mass_kg": checks.kilograms("mass_kg", said["mass_kg"], 1),
        "available_from": said["available_from"],
        "available_to": said["available_to"],
        "allowed_operations": tuple(
            checks.operation("allowed_operations", code) for code in said["allowed_operations"]
        ),
        "max_distance_m": checks.maybe("max_distance_m", said["max_distance_m"], 0, MAX_DISTANCE_M),
        "max_net_cost_ucny_per_kg": checks.price(
            "max_net_cost_ucny_per_kg", said["max_net_cost_ucny_per_kg"]
        ),
        "min_lot_kg": checks.maybe("min_lot_kg", said["min_lot_kg"]),
        "price_ucny_per_kg": checks.price("price_ucny_per_kg", said["price_ucny_per_kg"]),
        "storage_since": said["storage_since"],
        "status": checks.word("status", said["status"], STATUSES),
        "plan_mass_kg": checks.maybe("plan_mass_kg", said["plan_mass_kg"]),
        "visibility": checks.word("visibility", said["visibility"], VISIBILITIES),
        "assays": checks.analytes("assays", said["assays"]),
    }
    checks.finish()
    _refuse_relabelling(values["waste_code"], values["status"])
    return values


def terms_of(output: Output) -> dict[str, Any]:
    """Return what is said of a lot, as `checked_terms` does."""
    plain = {name: getattr(output, name) for name in Terms.__annotations__ if name != "assays"}
    return plain | {"assays": {assay.analyte: assay.value_micro for assay in output.assays}}


def set_terms(output: Output, values: Mapping[str, Any]) -> None:
    """Write checked terms into a lot."""
    for name, value in values.items():
        if name != "assays":
            setattr(output, name, value)
    kept = {assay.analyte: assay for assay in output.assays}
    measured = values["assays"]
    output.assays = [kept.get(name) or Assay(analyte=name) for name in sorted(measured)]
    for assay in output.assays:
        assay.value_micro = measured[assay.analyte]


def not_over(on: date) -> ColumnElement[bool]:
    """Return the condition that a lot stands on a day: neither withdrawn nor past its last day."""
    return Output.withdrawn_at.is_(None) & (Output.available_to.is_(None) | (Output.available_to >= on))


def withdraw_output(session: Session, *, actor: Actor, at: datetime, output: Output) -> None:
    """Take a lot out of future runs; withdrawing it again changes nothing."""
    if output.withdrawn_at is None:
        output.withdrawn_at = at
        record(session, actor, at, "output.withdrawn", output, {})


def _refuse_relabelling(waste_code: str, status: str) -> None:
    """Hazardous waste stays hazardous waste: a by-product's or product's label does not free it."""
    if status != "waste" and is_hazardous(waste_code):
        zh = "危险废物不得以副产品或产品名义转移"
        en = "hazardous waste may not be offered as a by-product or product"
        raise RuleBroken("relabel", zh, en, field="status")


_DEFAULTS: Mapping[str, Any] = MappingProxyType(
    dict.fromkeys(Terms.__annotations__)
    | {"allowed_operations": (), "assays": {}, "status": "waste", "visibility": "parties"}
)
