"""What a transfer is: the document, its waste lines, its carriers, its signatures. Verbs: `transfers`.

A daily sheet, a meter's or a survey's record is a transfer too, over a period instead of a trip.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from circularity.columns import between, mass, one_of, ordered
from circularity.database import STRICT, Base
from circularity.deals.contract import Agreement
from circularity.lifecycle import states
from circularity.organisations import DEGREES_E7, Organisation, Site
from circularity.registry.entitlements import Facility

METERINGS = ("trip", "sheet", "conveyor", "pipeline", "draught")
"""How mass is metered: a trip has the lifecycle `transfer`, all others `sheet`."""

CONVEYANCES = ("vehicle", "barge", "rail", "conveyor", "pipeline")
SIGNERS = ("sender", "carrier", "receiver")
TRANSFER_STATES = tuple(dict.fromkeys((*states("transfer"), *states("sheet"))))


class Transfer(Base):
    """Mass of one agreement under way, on one trip or over one period; `number` is ours.

    `official_number` is the 14 digits of the national manifest, entered or imported, never made here. A place
    of load other than the sender's site is in WGS-84; so a refused load leaves from where it is, as a new
    transfer that names the `refused_transfer`. `arrived_at` starts the days to confirm within.
    """

    __tablename__ = "transfers"
    __table_args__ = (
        one_of("metering", METERINGS),
        one_of("conveyance", CONVEYANCES),
        one_of("status", TRANSFER_STATES),
        ordered("day_from", "day_to"),
        CheckConstraint("length(official_number) = 14", name="official_number_length"),
        between("load_lat_e7", -90 * DEGREES_E7, 90 * DEGREES_E7),
        between("load_lon_e7", -180 * DEGREES_E7, 180 * DEGREES_E7),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    number: Mapped[str] = mapped_column(unique=True)
    official_number: Mapped[str | None] = mapped_column(unique=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), index=True)
    sender_site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facilities.id"), index=True)
    refused_transfer_id: Mapped[int | None] = mapped_column(ForeignKey("transfers.id"), index=True)
    metering: Mapped[str]
    conveyance: Mapped[str]
    vehicle: Mapped[str]
    load_lat_e7: Mapped[int | None]
    load_lon_e7: Mapped[int | None]
    day_from: Mapped[date] = mapped_column(index=True)
    day_to: Mapped[date]
    status: Mapped[str] = mapped_column(index=True)
    drafted_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    picked_up_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None] = mapped_column(index=True)
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    agreement: Mapped[Agreement] = relationship()
    sender_site: Mapped[Site] = relationship()
    facility: Mapped[Facility] = relationship()
    refused_transfer: Mapped[Transfer | None] = relationship(remote_side=[id])
    lines: Mapped[list[TransferLine]] = relationship(
        back_populates="transfer", order_by="TransferLine.number"
    )
    carriages: Mapped[list[Carriage]] = relationship(back_populates="transfer", order_by="Carriage.number")
    signatures: Mapped[list[Signature]] = relationship(back_populates="transfer", order_by="Signature.number")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own declaration

    @property
    def lifecycle(self) -> str:
        """The name of its machine in `circularity.lifecycle`."""
        return "transfer" if self.metering == "trip" else "sheet"


class TransferLine(Base):
    """One waste of a transfer: the sender's mass as weighed, wet; moisture in ‰, None = not measured.

    `sent_kg` of a sheet is expected until it is submitted, then the sum of its tickets or readings on the
    sender's side; a trip is signed with that sum too, where it has any. No two lines of a transfer are of
    one waste.
    """

    __tablename__ = "transfer_lines"
    __table_args__ = (
        UniqueConstraint("transfer_id", "number", name="uq_transfer_lines_transfer_number"),
        between("number", 1, 1000),
        mass("sent_kg", 1),
        between("sent_moisture_permille", 0, 1000),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id"))
    number: Mapped[int]
    waste_code: Mapped[str]
    operation: Mapped[str]
    sent_kg: Mapped[int]
    sent_moisture_permille: Mapped[int | None]
    packaging: Mapped[str]

    transfer: Mapped[Transfer] = relationship(back_populates="lines")
    own_agreement: Mapped[Agreement | None] = relationship(secondary="line_agreements", lazy="joined")

    @property
    def agreement(self) -> Agreement:
        """The agreement that the line delivers on."""
        return self.own_agreement or self.transfer.agreement


class LineAgreement(Base):
    """The agreement of a line that is not the transfer's: one vehicle, two wastes, two agreements."""

    __tablename__ = "line_agreements"

    line_id: Mapped[int] = mapped_column(ForeignKey("transfer_lines.id"), primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), index=True)


class Carriage(Base):
    """One carrier's part of the way, in order.

    `permit` is its dangerous-goods permit, then the waste patterns it covers, `;`-separated; "" without one.
    """

    __tablename__ = "carriages"
    __table_args__ = (between("number", 1, 1000), STRICT)

    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    vehicle: Mapped[str]
    permit: Mapped[str]

    transfer: Mapped[Transfer] = relationship(back_populates="carriages")
    organisation: Mapped[Organisation] = relationship()


class Signature(Base):
    """One party's seal: the whole document as signed, its SHA-256 over it and the signature before.

    `carriage` is the carrier's number, 0 for sender and receiver; a correction that was approved is sealed as
    `revision` 1, 2, … by its parties. The database refuses every change.
    """

    __tablename__ = "signatures"
    __table_args__ = (
        UniqueConstraint("transfer_id", "number", name="uq_signatures_transfer_number"),
        UniqueConstraint("transfer_id", "revision", "signer", "carriage", name="uq_signatures_transfer_step"),
        between("number", 1, 10_000),
        between("carriage", 0, 1000),
        between("revision", 0, 10_000),
        one_of("signer", SIGNERS),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id"))
    number: Mapped[int]
    revision: Mapped[int]
    signer: Mapped[str]
    carriage: Mapped[int]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    person: Mapped[str]
    signed_at: Mapped[datetime]
    document: Mapped[dict[str, Any]]
    previous: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)

    transfer: Mapped[Transfer] = relationship(back_populates="signatures")
    organisation: Mapped[Organisation] = relationship()
