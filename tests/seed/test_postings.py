"""What today's lots post beside the deals of a told quarter: no tonne of a declaration is told twice."""

from __future__ import annotations

from collections import Counter

from quarter_world import AT, TODAY
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circularity.organisations import Organisation, Site
from circularity.rates.formula import in_scope
from circularity.rates.planned import planned_rates
from circularity.rates.planned_mass import held_by_deals
from circularity.registry.declarations import GenerationDeclaration
from circularity.registry.outputs import Output
from matching.database.run import publish
from matching.database.said import rows_of
from matching.database.snapshot import parameters_at, read_snapshot
from matching.plans.plan import make_plan
from seed.opening import REGISTRAR


def held(session):
    """What deals hold of the year, kg by site and waste."""
    found = Counter()
    for mass in held_by_deals(session, TODAY.year):
        found[mass.site_id, mass.waste_code] += mass.mass_kg
    return found


def test_lots_of_today_and_deals_of_the_year_add_up_to_what_the_declarations_leave(told, each):
    dealt = held(each)
    lots = select(Output.site_id, Output.waste_code, func.sum(Output.mass_kg))
    rows = each.execute(
        lots.where(Output.available_to >= TODAY).group_by(Output.site_id, Output.waste_code)
    ).all()
    posted = {(site_id, code): int(kg) for site_id, code, kg in rows}
    codes = dict(each.execute(select(Organisation.credit_code, Site.id).join(Site.organisation)).all())
    sites = {party.party: codes[party.credit_code] for party in told.delta.parties}
    flows = {(sites[flow.party], flow.waste_code): flow.posted_kg for flow in told.delta.flows}
    assert any(dealt[place] for place in flows)
    assert {place: posted[place] + dealt[place] for place in flows} == flows


def test_what_is_planned_today_generates_no_more_than_was_declared(whole):
    """Beyond the declarations are only contracts of generators that the story here gives no declaration."""
    with Session(whole.engine) as session:
        declared = set(
            session.execute(select(GenerationDeclaration.site_id, GenerationDeclaration.waste_code)).all()
        )
        beyond_kg = sum(kg for (site, code), kg in held(session).items()
                        if (site, code) not in declared and in_scope(code, "general", TODAY))  # fmt: skip
        snapshot = read_snapshot(session, parameters_at(AT))
        plan = make_plan(snapshot.case)
        run = publish(session, snapshot, plan, rows_of(snapshot, plan), actor=REGISTRAR, at=AT).run
        balance = next(rate for rate in planned_rates(session, run) if rate.scope == "general").balance
        session.rollback()
    assert balance.agreed_kg > 0
    assert balance.undeclared_kg == beyond_kg > 0
    assert balance.generated_kg == balance.declared_kg + beyond_kg
