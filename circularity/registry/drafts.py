"""Lots that nobody but their owner sees, until they are posted: typed by hand, or read from a ledger.

A draft is no output: no list, run, rate or authority knows of it. It holds terms that could be posted as they
stand; posting it makes the lot and takes the draft away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Select, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

from circularity.audit import Actor, record
from circularity.columns import between, canonical_json, new_public_id
from circularity.database import STRICT, Base
from circularity.errors import BadInput, CircularityError, InputProblem
from circularity.organisations import Organisation, Site
from circularity.registry.outputs import Assay, Output, checked_terms, post_output, terms_of

_DAYS = ("available_from", "available_to", "storage_since")


class OutputLedger(Base):
    """A file of a site's wastes as it was understood; its rows are drafts until they are posted.

    `known` counts rows that stood already; `notes` are what concerns no single row.
    """

    __tablename__ = "output_ledgers"
    __table_args__ = (between("known", 0, 10**9), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    file: Mapped[str]
    known: Mapped[int]
    notes: Mapped[dict[str, Any]]
    read_at: Mapped[datetime]

    site: Mapped[Site] = relationship()
    drafts: Mapped[list[OutputDraft]] = relationship(back_populates="ledger", order_by="OutputDraft.id")


class OutputDraft(Base):
    """One lot that is not posted. `terms` are those of `registry.outputs.Terms`, days in ISO form.

    `line` is the row of the ledger it was read from, `notes` what was guessed of it there.
    """

    __tablename__ = "output_drafts"
    __table_args__ = (between("line", 1, 2_000_000), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    ledger_id: Mapped[int | None] = mapped_column(ForeignKey("output_ledgers.id"), index=True)
    line: Mapped[int | None]
    notes: Mapped[dict[str, Any]]
    terms: Mapped[dict[str, Any]]
    drafted_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    site: Mapped[Site] = relationship()
    ledger: Mapped[OutputLedger | None] = relationship(back_populates="drafts")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own declaration

    @property
    def said(self) -> dict[str, Any]:
        """Return the terms as verbs take them."""
        days = {name: date.fromisoformat(self.terms[name]) for name in _DAYS if self.terms.get(name)}
        return {**self.terms, **days, "allowed_operations": tuple(self.terms["allowed_operations"])}

    @property
    def lot(self) -> Output:
        """Return the lot that it would be, a row of no session."""
        values = self.said
        assays = [Assay(analyte=name, value_micro=value) for name, value in values.pop("assays").items()]
        return Output(public_id=self.public_id, site=self.site, assays=assays, **values)


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One understood row of a file: its number as a spreadsheet counts, its terms, what was guessed."""

    line: int
    terms: Mapping[str, Any]
    notes: Sequence[Mapping[str, Any]]


def draft_output(
    session: Session, *, actor: Actor, at: datetime, site: Site, terms: Mapping[str, Any]
) -> OutputDraft:
    """Keep a lot for later. Raises what `post_output` raises of its terms."""
    draft = _draft(site, at, terms)
    session.add(draft)
    record(session, actor, at, "output_draft.kept", draft, {})
    return draft


def change_draft(
    session: Session, *, actor: Actor, at: datetime, draft: OutputDraft, terms: Mapping[str, Any]
) -> None:
    """Replace the terms of a draft; raises likewise."""
    draft.terms, draft.notes = _stored(checked_terms(terms)), {}
    record(session, actor, at, "output_draft.changed", draft, {})


def discard_drafts(session: Session, *, actor: Actor, at: datetime, drafts: Iterable[OutputDraft]) -> None:
    """Throw drafts away."""
    for draft in drafts:
        record(session, actor, at, "output_draft.discarded", draft, {})
        session.delete(draft)


def post_drafts(
    session: Session, *, actor: Actor, at: datetime, drafts: Sequence[OutputDraft]
) -> list[Output]:
    """Post drafts, all or none. Raises BadInput that names each row in whose way something stands."""
    session.flush()
    posted, problems = [], []
    for draft in drafts:
        try:
            posted.append(post_output(session, actor=actor, at=at, site=draft.site, **draft.said))
        except CircularityError as error:
            problems += _at_row(error, draft.line)
        session.delete(draft)
    if problems:
        raise BadInput(problems)
    return posted


def read_into_drafts(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    site: Site,
    file: str,
    rows: Sequence[LedgerRow],
    notes: Sequence[Mapping[str, Any]],
) -> OutputLedger:
    """Keep the rows of a file as drafts; rows that stand already, posted or drafted, are counted as known.

    Of rows that are alike in every term so many are known as stand. Raises BadInput with every row that
    could not be posted.
    """
    problems: list[InputProblem] = []
    new: list[OutputDraft] = []
    standing = _standing(session, site)
    for row in rows:
        try:
            draft = _draft(site, at, row.terms)
        except CircularityError as error:
            problems += _at_row(error, row.line)
            continue
        if standing[_likeness(draft.terms)] > 0:
            standing[_likeness(draft.terms)] -= 1
            continue
        draft.line, draft.notes = row.line, {"notes": list(row.notes)}
        new.append(draft)
    if problems:
        raise BadInput(problems)
    ledger = OutputLedger(
        public_id=new_public_id(), site=site, file=file[:200], known=len(rows) - len(new),
        notes={"notes": list(notes)}, read_at=at, drafts=new,
    )  # fmt: skip
    session.add(ledger)
    record(session, actor, at, "output_ledger.read", ledger, {"rows": len(rows), "known": ledger.known})
    return ledger


def drafts_of(organisation: Organisation, only: frozenset[str] = frozenset()) -> Select[OutputDraft]:
    """Select an organisation's own drafts, the newest first; `only` are public ids of sites, empty = all."""
    wanted = select(OutputDraft).join(OutputDraft.site).where(Site.organisation_id == organisation.id)
    if only:
        wanted = wanted.where(Site.public_id.in_(only))
    return wanted.options(selectinload(OutputDraft.ledger)).order_by(OutputDraft.id.desc())


def _draft(site: Site, at: datetime, terms: Mapping[str, Any]) -> OutputDraft:
    stored = _stored(checked_terms(terms))
    return OutputDraft(public_id=new_public_id(), site=site, notes={}, terms=stored, drafted_at=at)


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    days = {name: values[name].isoformat() for name in _DAYS if values[name] is not None}
    return {**values, **days, "allowed_operations": sorted(set(values["allowed_operations"]))}


def _likeness(stored: Mapping[str, Any]) -> str:
    """Return the same text for rows that say the same of a lot, whoever may see it."""
    return canonical_json({name: value for name, value in stored.items() if name != "visibility"})


def _standing(session: Session, site: Site) -> Counter[str]:
    session.flush()
    posted = select(Output).where(Output.site_id == site.id, Output.withdrawn_at.is_(None))
    lots = session.scalars(posted.options(selectinload(Output.assays)))
    drafts = session.scalars(select(OutputDraft.terms).where(OutputDraft.site_id == site.id))
    return Counter([*(_likeness(_stored(terms_of(lot))) for lot in lots), *map(_likeness, drafts)])


def _at_row(error: CircularityError, row: int | None) -> list[InputProblem]:
    if isinstance(error, BadInput):
        return [
            InputProblem("ledger", row, found.column, found.rule, found.found, found.zh, found.en)
            for found in error.problems
        ]
    field = str(error.facts.get("field", "")) or None
    return [InputProblem("ledger", row, field, error.code, "", error.zh, error.en)]
