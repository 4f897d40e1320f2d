"""Applications for a place on a white list: what is asked for, its papers, its notes, the consents it has."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from circularity.columns import between, mass, one_of, ordered
from circularity.database import STRICT, Base
from circularity.lifecycle import states
from circularity.organisations import Organisation
from circularity.registry.entitlements import Facility
from circularity.whitelist.entries import LIST_KINDS, WhitelistEntry

NOTE_KINDS = ("visit", "question", "answer")
MEDIA_TYPES = ("application/pdf", "image/png", "image/jpeg")

MAX_PAPER_BYTES = 5_000_000
"""Bound of the column; what the platform takes is the setting `whitelist_paper_bytes`."""


class Application(Base):
    """One facility asks, or is proposed, for one entry: waste, operation, origins, quota in kg, days.

    `organisation` is who asked: the facility's own or an authority. `renews` is the entry it carries on,
    `entry` what was published. `missing` says what the authority still wants, `reasons` why it decided.
    """

    __tablename__ = "listing_applications"
    __table_args__ = (
        one_of("list_kind", LIST_KINDS),
        one_of("status", states("application")),
        mass("quota_kg", 1),
        between("ship_within_days", 1, 3660),
        ordered("valid_from", "valid_to"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    number: Mapped[str] = mapped_column(unique=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facilities.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    list_kind: Mapped[str]
    waste_pattern: Mapped[str]
    operation: Mapped[str]
    accepted_origins: Mapped[tuple[str, ...]]
    quota_kg: Mapped[int | None]
    ship_within_days: Mapped[int | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    renews_id: Mapped[int | None] = mapped_column(ForeignKey("whitelist_entries.id"), index=True)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("whitelist_entries.id"), index=True)
    status: Mapped[str] = mapped_column(index=True)
    missing: Mapped[str]
    reasons: Mapped[str]
    begun_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    facility: Mapped[Facility] = relationship()
    organisation: Mapped[Organisation] = relationship()
    renews: Mapped[WhitelistEntry | None] = relationship(foreign_keys=renews_id)
    entry: Mapped[WhitelistEntry | None] = relationship(foreign_keys=entry_id)
    papers: Mapped[list[ApplicationPaper]] = relationship(
        back_populates="application", order_by="ApplicationPaper.id"
    )
    notes: Mapped[list[ApplicationNote]] = relationship(
        back_populates="application", order_by="ApplicationNote.id"
    )
    consents: Mapped[list[Consent]] = relationship(back_populates="application", order_by="Consent.province")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own declaration

    @property
    def province(self) -> str:
        """Two digits of the receiving province."""
        return self.facility.site.region_code[:2]


class ApplicationPaper(Base):
    """One file handed in, with its SHA-256; never changed. The bytes are loaded only when asked for.

    `kind` is a paper of `circularity.catalogue.listing_rules`, or `other`.
    """

    __tablename__ = "listing_papers"
    __table_args__ = (
        UniqueConstraint("application_id", "sha256", name="uq_listing_papers_file"),
        one_of("media_type", MEDIA_TYPES),
        between("size_bytes", 1, MAX_PAPER_BYTES),
        CheckConstraint("length(sha256) = 64", name="sha256_length"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("listing_applications.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[str]
    title: Mapped[str]
    sha256: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    handed_in_at: Mapped[datetime]

    application: Mapped[Application] = relationship(back_populates="papers")
    organisation: Mapped[Organisation] = relationship()


class ApplicationNote(Base):
    """A site visit, a question of the authority or an answer to it."""

    __tablename__ = "listing_notes"
    __table_args__ = (one_of("kind", NOTE_KINDS), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("listing_applications.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[str]
    on_day: Mapped[date]
    text: Mapped[str]
    noted_at: Mapped[datetime]

    application: Mapped[Application] = relationship(back_populates="notes")
    organisation: Mapped[Organisation] = relationship()


class Consent(Base):
    """A province of origin agrees to an entry of an agreed list, by a document of its authority."""

    __tablename__ = "listing_consents"
    __table_args__ = (
        UniqueConstraint("application_id", "province", name="uq_listing_consents_province"),
        CheckConstraint("length(province) = 2", name="province_length"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("listing_applications.id"), index=True)
    province: Mapped[str]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    document: Mapped[str]
    given_at: Mapped[datetime]

    application: Mapped[Application] = relationship(back_populates="consents")
    organisation: Mapped[Organisation] = relationship()


class Appeal(Base):
    """Whom a refusal, a suspension or a delisting concerns asks for it to be looked at again."""

    __tablename__ = "listing_appeals"
    __table_args__ = (
        one_of("status", states("appeal")),
        CheckConstraint("(application_id IS NULL) <> (entry_id IS NULL)", name="about_one_thing"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    application_id: Mapped[int | None] = mapped_column(ForeignKey("listing_applications.id"), index=True)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("whitelist_entries.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    reason: Mapped[str]
    answer: Mapped[str]
    status: Mapped[str]
    raised_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]

    application: Mapped[Application | None] = relationship()
    entry: Mapped[WhitelistEntry | None] = relationship()
    organisation: Mapped[Organisation] = relationship()
