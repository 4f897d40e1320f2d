"""What facilities are: the plants, what entitles them to take waste, the capacity they offer.

The verbs that write these rows are in `circularity.registry.facilities`.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from circularity.columns import MAX_DISTANCE_M, amount, between, mass, one_of, ordered
from circularity.database import STRICT, Base
from circularity.organisations import Site
from circularity.registry.outputs import VISIBILITIES

KINDS = ("utiliser", "disposer", "collector")
STANDINGS = ("", "suspended", "blacklisted", "accident")
ENTITLEMENT_KINDS = (
    "hazardous_licence",
    "collection_licence",
    "point_to_point_scheme",
    "stage_exemption",
    "eia_approval",
    "discharge_permit",
    "capability_statement",
)


class Facility(Base):
    """A plant at a site that utilises, disposes of or collects waste; any standing but "" takes none.

    `annual_limit_kg` bounds all its entitlements together in a calendar year, None = no bound of its own.
    """

    __tablename__ = "facilities"
    __table_args__ = (one_of("kind", KINDS), one_of("standing", STANDINGS), mass("annual_limit_kg"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    kind: Mapped[str]
    standing: Mapped[str]
    annual_limit_kg: Mapped[int | None]
    registered_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    site: Mapped[Site] = relationship()
    entitlements: Mapped[list[Entitlement]] = relationship(
        back_populates="facility", order_by="Entitlement.id"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own declaration


class Entitlement(Base):
    """What lets a facility take waste: one licence, approval, permit, scheme or statement.

    Its annual limit is pooled over all its lines; number and issuer name it once, so that a limit cannot be
    had twice. `source` says where the platform learnt of it.
    """

    __tablename__ = "entitlements"
    __table_args__ = (
        UniqueConstraint("number", "issuer", name="uq_entitlements_number_issuer"),
        one_of("kind", ENTITLEMENT_KINDS),
        ordered("valid_from", "valid_to"),
        mass("annual_limit_kg"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facilities.id"), index=True)
    kind: Mapped[str]
    number: Mapped[str]
    issuer: Mapped[str]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    annual_limit_kg: Mapped[int | None]
    source: Mapped[str]
    granted_at: Mapped[datetime]

    facility: Mapped[Facility] = relationship(back_populates="entitlements")
    lines: Mapped[list[EntitlementLine]] = relationship(
        back_populates="entitlement", order_by="EntitlementLine.id"
    )
    groups: Mapped[list[LineGroup]] = relationship(back_populates="entitlement", order_by="LineGroup.id")


class EntitlementLine(Base):
    """One line of an entitlement: a waste pattern, an operation, a limit per calendar year (None = none).

    `gate_fee` in µCNY/kg is the usual one, negative when the facility pays. `senders` holds public ids of the
    organisations that a point-to-point scheme names, none meaning any.
    """

    __tablename__ = "entitlement_lines"
    __table_args__ = (mass("annual_limit_kg"), amount("gate_fee_ucny_per_kg"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    entitlement_id: Mapped[int] = mapped_column(ForeignKey("entitlements.id"), index=True)
    waste_pattern: Mapped[str]
    operation: Mapped[str]
    annual_limit_kg: Mapped[int | None]
    gate_fee_ucny_per_kg: Mapped[int | None]
    senders: Mapped[tuple[str, ...]]

    entitlement: Mapped[Entitlement] = relationship(back_populates="lines")
    limits: Mapped[list[LineLimit]] = relationship(cascade="all, delete-orphan", order_by="LineLimit.analyte")
    windows: Mapped[list[CapacityWindow]] = relationship(back_populates="line", order_by="CapacityWindow.id")
    groups: Mapped[list[LineGroup]] = relationship(
        secondary="line_group_members", back_populates="lines", order_by="LineGroup.id"
    )


LINE_GROUP_MEMBERS = Table(
    "line_group_members",
    Base.metadata,
    Column("group_id", ForeignKey("line_groups.id"), primary_key=True),
    Column("line_id", ForeignKey("entitlement_lines.id"), primary_key=True, index=True),
    sqlite_strict=True,
)


class LineGroup(Base):
    """Several lines of one entitlement that share a limit per calendar year, as a licence's "HW34 and HW17
    together". A line may be in several groups. `annual_limit_kg` None: the limit has been lifted.
    """

    __tablename__ = "line_groups"
    __table_args__ = (mass("annual_limit_kg"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    entitlement_id: Mapped[int] = mapped_column(ForeignKey("entitlements.id"), index=True)
    annual_limit_kg: Mapped[int | None]

    entitlement: Mapped[Entitlement] = relationship(back_populates="groups")
    lines: Mapped[list[EntitlementLine]] = relationship(
        secondary=LINE_GROUP_MEMBERS, back_populates="groups", order_by="EntitlementLine.id"
    )


class LineLimit(Base):
    """An acceptance criterion of a line: lowest and highest value of an analyte, millionths of its unit."""

    __tablename__ = "line_limits"
    __table_args__ = (
        amount("minimum_micro"),
        amount("maximum_micro"),
        CheckConstraint("minimum_micro <= maximum_micro", name="minimum_below_maximum"),
        STRICT,
    )

    line_id: Mapped[int] = mapped_column(ForeignKey("entitlement_lines.id"), primary_key=True)
    analyte: Mapped[str] = mapped_column(primary_key=True)
    minimum_micro: Mapped[int | None]
    maximum_micro: Mapped[int | None]


class CapacityWindow(Base):
    """What a facility offers for a period on a line, kg.

    `received_kg` (outside the platform) and `committed_kg` (elsewhere) are this window's own share of what is
    permitted; `offered_kg` is what remains of it, less the share of the period's days on which it stops.
    """

    __tablename__ = "capacity_windows"
    __table_args__ = (
        mass("permitted_kg"),
        mass("received_kg"),
        mass("committed_kg"),
        mass("offered_kg"),
        between("stop_days", 0, 3660),
        amount("gate_fee_ucny_per_kg"),
        between("max_distance_m", 0, MAX_DISTANCE_M),
        ordered("available_from", "available_to"),
        one_of("visibility", VISIBILITIES),
        CheckConstraint("received_kg + committed_kg + offered_kg <= permitted_kg", name="within_permitted"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("entitlement_lines.id"), index=True)
    available_from: Mapped[date | None]
    available_to: Mapped[date | None]
    permitted_kg: Mapped[int]
    received_kg: Mapped[int]
    committed_kg: Mapped[int]
    stop_days: Mapped[int]
    offered_kg: Mapped[int]
    gate_fee_ucny_per_kg: Mapped[int | None]
    max_distance_m: Mapped[int | None]
    visibility: Mapped[str]
    posted_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    line: Mapped[EntitlementLine] = relationship(back_populates="windows")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own declaration
