"""The whole schema: importing this module is what makes every table known to `Base.metadata`."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from circularity import audit, idempotency, jobs, organisations, uploads
from circularity.accounts import (
    api_tokens,
    dormancy,
    invitations,
    links,
    memberships,
    people,
    provider_attempts,
    provider_identities,
    second_factor,
    sessions,
    standings,
    throttles,
)
from circularity.custody import amendments, line_handling, manifests, reception, weighings
from circularity.database import Base
from circularity.deals import ceilings, contract
from circularity.ledger import mass, months
from circularity.rates import targets
from circularity.registry import declarations, descriptions, drafts, entitlements, outputs
from circularity.runs import capacity_prices, changes, entry_costs, stored
from circularity.whitelist import applications, entitlement_changes, entries, quota_moves

MODULES = (
    audit,
    organisations,
    outputs,
    entitlements,
    declarations,
    descriptions,
    drafts,
    entries,
    stored,
    capacity_prices,
    entry_costs,
    changes,
    idempotency,
    jobs,
    contract,
    ceilings,
    manifests,
    line_handling,
    weighings,
    amendments,
    reception,
    months,
    mass,
    uploads,
    entitlement_changes,
    applications,
    quota_moves,
    targets,
    people,
    memberships,
    invitations,
    standings,
    dormancy,
    sessions,
    links,
    second_factor,
    throttles,
    api_tokens,
    provider_identities,
    provider_attempts,
)
"""Every module that declares tables."""

metadata = Base.metadata


def differences(connection: Connection) -> list[Any]:
    """Return how the database differs from the models, in alembic's words; none when migrations match."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))
