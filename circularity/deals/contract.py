"""What parties agree: the agreement from its first offer to its end, its offers, the procedures it waits for.

The verbs are in `circularity.deals.offers` and `circularity.deals.agreements`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from circularity.columns import between, mass, one_of, ordered
from circularity.database import STRICT, Base
from circularity.lifecycle import states
from circularity.organisations import Site
from circularity.registry.entitlements import CapacityWindow, EntitlementLine, Facility
from circularity.registry.outputs import Output
from circularity.runs.stored import Proposal
from circularity.whitelist import GRANT_KINDS, ProcedureGrant

SOURCES = ("proposal", "direct", "imported")
SIDES = ("generator", "facility")
LOTS = ("regular", "sample", "trial")
CADENCES = ("once", "daily", "weekly", "monthly", "quarterly", "yearly")
PRICE_KINDS = ("fixed", "stepped", "formula")
WEIGHTS = ("sent", "received")
PROCEDURES = (*GRANT_KINDS, "plan_change", "assay", "exemption_evidence")


class Agreement(Base):
    """One deal about one waste of one site and one line of a facility, from its first offer to its end.

    The offer numbered `offer_number` stands. Source `proposal` has a proposal, output and window; `direct`
    and `imported` (an outside contract, `document` its number) may have neither output nor window: the limits
    of line, entitlement and facility hold for all. `expires_at` ends an offer or a one-sided acceptance.
    `shipped_kg` counts what transfers have submitted and not cancelled, by conditional UPDATE.
    """

    __tablename__ = "agreements"
    __table_args__ = (
        one_of("source", SOURCES),
        one_of("status", states("agreement")),
        mass("shipped_kg"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    number: Mapped[str] = mapped_column(unique=True)
    source: Mapped[str]
    document: Mapped[str]
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposals.id"), index=True)
    output_id: Mapped[int | None] = mapped_column(ForeignKey("outputs.id"), index=True)
    window_id: Mapped[int | None] = mapped_column(ForeignKey("capacity_windows.id"), index=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("entitlement_lines.id"), index=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facilities.id"), index=True)
    waste_code: Mapped[str]
    operation: Mapped[str]
    offer_number: Mapped[int]
    shipped_kg: Mapped[int]
    status: Mapped[str] = mapped_column(index=True)
    begun_at: Mapped[datetime]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    agreed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    proposal: Mapped[Proposal | None] = relationship()
    output: Mapped[Output | None] = relationship()
    window: Mapped[CapacityWindow | None] = relationship()
    site: Mapped[Site] = relationship()
    line: Mapped[EntitlementLine] = relationship()
    facility: Mapped[Facility] = relationship()
    offers: Mapped[list[Offer]] = relationship(back_populates="agreement", order_by="Offer.number")
    procedures: Mapped[list[AgreementProcedure]] = relationship(
        back_populates="agreement", order_by="AgreementProcedure.id"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own declaration

    @property
    def offer(self) -> Offer:
        """The offer that stands."""
        return self.offers[self.offer_number - 1]


class Offer(Base):
    """Terms that one side put forward, never changed: a counter-offer is the next number.

    `mass_kg` is the whole over the days from `valid_from` to `valid_to`, `period_mass_kg` what may come per
    `cadence`. `price` holds what `price_kind` needs, in µCNY/kg, positive when the receiver pays:
    `{"fixed": n}`, `{"steps": [[from_kg, n], …]}` or `{"formula": text, "base": n, …}`; None: not agreed yet.
    `settles`: whose weight is owed for; `reference_moisture_permille`: at which moisture, None as weighed.
    """

    __tablename__ = "offers"
    __table_args__ = (
        UniqueConstraint("agreement_id", "number", name="uq_offers_agreement_number"),
        between("number", 1, 10_000),
        one_of("made_by", SIDES),
        one_of("lot", LOTS),
        one_of("cadence", CADENCES),
        one_of("price_kind", PRICE_KINDS),
        one_of("settles", WEIGHTS),
        mass("mass_kg", 1),
        mass("period_mass_kg", 1),
        ordered("valid_from", "valid_to"),
        between("reference_moisture_permille", 0, 1000),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    number: Mapped[int]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    lot: Mapped[str]
    mass_kg: Mapped[int]
    cadence: Mapped[str]
    period_mass_kg: Mapped[int]
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    price_kind: Mapped[str]
    price: Mapped[dict[str, Any]]
    settles: Mapped[str]
    reference_moisture_permille: Mapped[int | None]
    note: Mapped[str]

    agreement: Mapped[Agreement] = relationship(back_populates="offers")


class AgreementProcedure(Base):
    """A procedure that an agreement hangs on: drafted, filed, expected by its lead time, granted or refused.

    A grant that ends before the agreement is followed by a row for the next one. What has no grant (a plan
    change, an assay, evidence of an exemption) is told by `granted_on` and `document`. `filled` holds what
    the sender typed into its form; `reasons` why it was refused, `consent` the document by which the
    receiving province consented.
    """

    __tablename__ = "agreement_procedures"
    __table_args__ = (one_of("kind", PROCEDURES), one_of("status", states("procedure")), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), index=True)
    kind: Mapped[str]
    filed_on: Mapped[date | None]
    expected_on: Mapped[date | None]
    granted_on: Mapped[date | None]
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("procedure_grants.id"), index=True)
    document: Mapped[str]
    status: Mapped[str] = mapped_column(index=True)
    filled: Mapped[dict[str, Any]]
    consent: Mapped[str]
    reasons: Mapped[str]

    agreement: Mapped[Agreement] = relationship(back_populates="procedures")
    grant: Mapped[ProcedureGrant | None] = relationship()
