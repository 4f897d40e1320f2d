"""A matrix in which an office registered in Shanghai reads, and what the audit chain then says of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from databases import Databases
from matrix_world import Matrix, matrix, roles
from people import verified
from registry import ACTOR, AT, credit_code
from sqlalchemy import select

from circularity.audit import AuditEvent, verify_chain
from circularity.database import create_engine_for, reading, writing
from circularity.organisations import Site, register_organisation
from circularity.policy.acting import Acting

OFFICE = "虚构市生态环境局"


@contextmanager
def office_world(databases: Databases) -> Iterator[Matrix]:
    """Serve both sets of parties with accounts, an office for every waste and one for sludge alone."""
    with databases.new() as url:
        engine = create_engine_for(url)
        with writing(engine).begin() as session:
            office = register_organisation(
                session, actor=ACTOR, at=AT, name_zh=OFFICE, name_en="Office", credit_code=credit_code(990),
                roles=frozenset({"authority"}), region_code="310000",
            )  # fmt: skip
            sludge = register_organisation(
                session, actor=ACTOR, at=AT, name_zh="虚构市水务局", name_en="Sludge",
                roles=frozenset({"authority"}), credit_code=credit_code(991), region_code="310000",
            )  # fmt: skip
            verified(session, sludge, "water")
        engine.dispose()
        with matrix(url, accounts=True) as made:
            made.own |= {"office": office.public_id, "sludge office": sludge.public_id}
            yield made


def authority(world: Matrix) -> Acting:
    """Return who asks for the office, an officer for every waste."""
    return replace(roles(world.own)["authority of the region"], organisation_public_id=world.own["office"])


def readings(world: Matrix) -> list[AuditEvent]:
    """Return what has been read so far, of a chain without faults."""
    with reading(world.app.extensions["circularity.engine"])() as session:
        assert verify_chain(session).faults == ()
        wanted = select(AuditEvent).filter_by(action="record.read").order_by(AuditEvent.position)
        return list(session.scalars(wanted))


def owner_of(world: Matrix, event: AuditEvent) -> str:
    """Return whose record was read: what lies at a site is noted on the site."""
    with reading(world.app.extensions["circularity.engine"])() as session:
        site = session.scalar(select(Site).filter_by(public_id=event.subject_id))
        return site.organisation.public_id if site is not None else event.subject_id
