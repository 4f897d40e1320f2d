"""What receivers record: receipts, what leaves again grouped with others, treatments with their balance."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from circularity.columns import between, mass, one_of, ordered
from circularity.custody.manifests import TransferLine
from circularity.database import STRICT, Base
from circularity.registry.entitlements import Facility

VERDICTS = ("pending", "accepted", "partly_accepted", "refused")
RESULTS = ("product", "recovered", "residue", "loss")


class Receipt(Base):
    """What became of one line on arrival, kg wet as the receiver weighed it; moisture in ‰.

    `pending` waits for an analysis. `settled_kg` is what the agreement owes for. `forwarded_kg` and
    `treated_kg` count what has left again, grouped or treated: a conditional UPDATE raises them, the CHECK
    keeps them within what was accepted.
    """

    __tablename__ = "receipts"
    __table_args__ = (
        one_of("verdict", VERDICTS),
        mass("received_kg"),
        mass("accepted_kg"),
        mass("refused_kg"),
        mass("settled_kg"),
        mass("forwarded_kg"),
        mass("treated_kg"),
        between("moisture_permille", 0, 1000),
        CheckConstraint(
            "verdict = 'pending' OR accepted_kg + refused_kg = received_kg", name="accepted_or_refused"
        ),
        CheckConstraint(
            "CASE verdict WHEN 'accepted' THEN refused_kg = 0 AND accepted_kg > 0"
            " WHEN 'partly_accepted' THEN refused_kg > 0 AND accepted_kg > 0"
            " ELSE accepted_kg = 0 END",
            name="verdict_fits",
        ),
        CheckConstraint("forwarded_kg + treated_kg <= accepted_kg", name="no_more_than_accepted"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("transfer_lines.id"), unique=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facilities.id"), index=True)
    verdict: Mapped[str]
    received_on: Mapped[date] = mapped_column(index=True)
    decided_at: Mapped[datetime | None]
    received_kg: Mapped[int]
    accepted_kg: Mapped[int]
    refused_kg: Mapped[int]
    settled_kg: Mapped[int]
    moisture_permille: Mapped[int | None]
    reason: Mapped[str]
    forwarded_kg: Mapped[int]
    treated_kg: Mapped[int]

    line: Mapped[TransferLine] = relationship(lazy="joined", innerjoin=True)
    facility: Mapped[Facility] = relationship()


class Fraction(Base):
    """Mass of one receipt that leaves on an outgoing line: several loads go on as one and stay known."""

    __tablename__ = "fractions"
    __table_args__ = (mass("mass_kg", 1), STRICT)

    line_id: Mapped[int] = mapped_column(ForeignKey("transfer_lines.id"), primary_key=True)
    receipt_id: Mapped[int] = mapped_column(ForeignKey("receipts.id"), primary_key=True, index=True)
    mass_kg: Mapped[int]

    line: Mapped[TransferLine] = relationship()
    receipt: Mapped[Receipt] = relationship()


class Treatment(Base):
    """What a facility made of mass it had received, over some days: the balance of input and results, kg."""

    __tablename__ = "treatments"
    __table_args__ = (
        ordered("day_from", "day_to"),
        mass("input_kg", 1),
        mass("product_kg"),
        mass("recovered_kg"),
        mass("residue_kg"),
        mass("loss_kg"),
        CheckConstraint("input_kg = product_kg + recovered_kg + residue_kg + loss_kg", name="balanced"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facilities.id"), index=True)
    operation: Mapped[str]
    day_from: Mapped[date]
    day_to: Mapped[date] = mapped_column(index=True)
    recorded_at: Mapped[datetime]
    input_kg: Mapped[int]
    product_kg: Mapped[int]
    recovered_kg: Mapped[int]
    residue_kg: Mapped[int]
    loss_kg: Mapped[int]

    facility: Mapped[Facility] = relationship()
    inputs: Mapped[list[TreatmentInput]] = relationship(back_populates="treatment")
    results: Mapped[list[TreatmentResult]] = relationship(
        back_populates="treatment", order_by="TreatmentResult.number"
    )
    withdrawal: Mapped[TreatmentWithdrawal | None] = relationship(back_populates="treatment")


class TreatmentInput(Base):
    """Mass of one receipt that went into a treatment; `told_at` is when its sender opened it, None: new."""

    __tablename__ = "treatment_inputs"
    __table_args__ = (mass("mass_kg", 1), STRICT)

    treatment_id: Mapped[int] = mapped_column(ForeignKey("treatments.id"), primary_key=True)
    receipt_id: Mapped[int] = mapped_column(ForeignKey("receipts.id"), primary_key=True, index=True)
    mass_kg: Mapped[int]
    told_at: Mapped[datetime | None]

    treatment: Mapped[Treatment] = relationship(back_populates="inputs")
    receipt: Mapped[Receipt] = relationship()


class TreatmentResult(Base):
    """One thing that came out: a product, a recovered material, a residue with its own code, or the loss."""

    __tablename__ = "treatment_results"
    __table_args__ = (
        UniqueConstraint("treatment_id", "number", name="uq_treatment_results_treatment_number"),
        between("number", 1, 1000),
        one_of("kind", RESULTS),
        mass("mass_kg", 1),
        CheckConstraint("(kind = 'residue') = (waste_code <> '')", name="residues_have_codes"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    treatment_id: Mapped[int] = mapped_column(ForeignKey("treatments.id"))
    number: Mapped[int]
    kind: Mapped[str]
    name: Mapped[str]
    waste_code: Mapped[str]
    mass_kg: Mapped[int]

    treatment: Mapped[Treatment] = relationship(back_populates="results")


class TreatmentWithdrawal(Base):
    """That a treatment was recorded wrongly: it counts no more, and its loads wait to be treated again."""

    __tablename__ = "treatment_withdrawals"
    __table_args__ = (STRICT,)

    treatment_id: Mapped[int] = mapped_column(ForeignKey("treatments.id"), primary_key=True)
    withdrawn_at: Mapped[datetime]
    reason: Mapped[str]

    treatment: Mapped[Treatment] = relationship(back_populates="withdrawal")
