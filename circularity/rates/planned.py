"""Planned utilisation rates: what a run would mean for the rates that are measured against targets.

Formula version 3, as in `circularity/NOTES.md`:

    planned rate = (own use + utilised elsewhere + planned utilised) / generated

summed over the sites of a region and the wastes of a scope, in kg. *Own use* and *utilised elsewhere* are
declared for the calendar year of the run. *Planned utilised* is what agreements hold, what one side has
accepted, and what the run proposes beyond them (`planned_mass`), on operations that count as utilisation; so
no agreement lowers the rate. *Generated* is, per site and waste, the larger of what is declared and of own
use + own disposal + utilised elsewhere + posted or agreed. Hazardous waste counts in neither scope. No
generation: no rate. Never above 100 %. Shown in 0.01 %, half away from zero; compared with a target exactly.
Every such rate is planned and is labelled so; none is a statistic.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.catalogue import targets, utilisation, waste_types
from circularity.catalogue.regions import PROVINCES
from circularity.catalogue.targets import Target
from circularity.organisations import Site
from circularity.rates.formula import SCOPES, Rate, in_scope
from circularity.rates.planned_mass import PlannedMass, planned_masses
from circularity.rates.targets import known_targets
from circularity.rates.told_planned import FIGURES, Part, grouped, told_figures
from circularity.registry.declarations import GenerationDeclaration
from circularity.runs.stored import MatchingRun
from circularity.told_groups import Told
from circularity.units import format_tonnes

FORMULA_VERSION = 3
LABEL_ZH, LABEL_EN = "计划利用率 · 平台口径", "planned rate · platform basis"


@dataclass(frozen=True, slots=True)
class Balance:
    """The year of one waste at one site, or the sum of many, in kg; `declared_kg` is 0 where undeclared.

    Of `planned_kg`, `agreed_kg` stands in agreements, `reserved_kg` one side has accepted, and
    `planned_today_kg` waits for no procedure. `posted_kg` is in agreements or in the run, placed or not;
    `unposted_kg` is declared, neither used nor disposed of, and in neither.
    """

    declared_kg: int = 0
    own_utilised_kg: int = 0
    own_disposed_kg: int = 0
    elsewhere_kg: int = 0
    posted_kg: int = 0
    planned_kg: int = 0
    planned_today_kg: int = 0
    agreed_kg: int = 0
    reserved_kg: int = 0
    generated_kg: int = 0
    unposted_kg: int = 0
    undeclared_kg: int = 0

    @property
    def proposed_kg(self) -> int:
        """The part of `planned_kg` that is a run's advice alone."""
        return self.planned_kg - self.agreed_kg - self.reserved_kg

    @property
    def utilised_kg(self) -> int:
        """Own use, utilised elsewhere, planned."""
        return self.own_utilised_kg + self.elsewhere_kg + self.planned_kg

    @property
    def utilised_today_kg(self) -> int:
        """The same without what waits for procedures."""
        return self.utilised_kg - self.planned_kg + self.planned_today_kg

    def closed(self) -> Balance:
        """Return the balance of one site and waste with generation and what is missing from both sides."""
        accounted = self.own_utilised_kg + self.own_disposed_kg + self.elsewhere_kg + self.posted_kg
        generated = max(self.declared_kg, accounted)
        return replace(
            self,
            generated_kg=generated,
            unposted_kg=generated - accounted,
            undeclared_kg=generated - self.declared_kg,
        )

    def __add__(self, other: Balance) -> Balance:
        return Balance(*(getattr(self, name) + getattr(other, name) for name in Balance.__slots__))


@dataclass(frozen=True, slots=True)
class PlannedRate:
    """One planned rate of a scope and a region (a prefix, "" = the Delta) with all it was made from.

    Rates are hundredths of a percent, None where nothing was generated; `today` leaves out what waits for
    procedures. `target_over`: the target's period has ended and no next one was entered. `told`: what of it
    strangers may see (words of `told_planned`).
    """

    scope: str
    region: str
    on: date
    balance: Balance
    target: Target | None
    target_over: bool
    sites: int
    told: frozenset[str]
    formula_version: int = field(default=FORMULA_VERSION)

    @property
    def utilised_kg(self) -> int:
        """Numerator."""
        return self.balance.utilised_kg

    @property
    def utilised_today_kg(self) -> int:
        """The numerator without what waits for procedures."""
        return self.balance.utilised_today_kg

    @property
    def generated_kg(self) -> int:
        """Denominator."""
        return self.balance.generated_kg

    @property
    def rate(self) -> int | None:
        """The planned rate after all procedures."""
        return Rate(self.utilised_kg, self.generated_kg).hundredths

    @property
    def rate_today(self) -> int | None:
        """The planned rate of what can move today."""
        return Rate(self.utilised_today_kg, self.generated_kg).hundredths

    @property
    def missing_kg(self) -> int:
        """Kilograms that must be utilised on top to reach the target; 0 when reached or without one."""
        if self.target is None:
            return 0
        return Rate(self.utilised_kg, self.generated_kg).missing_kg(self.target.rate_permille)

    @property
    def coverage_zh(self) -> str:
        """What the rate rests on, in Chinese."""
        b = self.balance
        return (
            f"依据 {self.sites} 个场所的平台数据：产生量 {_t(b.generated_kg)} t，其中已申报 "
            f"{_t(b.declared_kg)} t、仅由发布和协议推算 {_t(b.undeclared_kg)} t；"
            f"尚未发布或签约 {_t(b.unposted_kg)} t。未登记的单位不在其中，不等于统计数据。"
        )

    @property
    def coverage_en(self) -> str:
        """What the rate rests on, in English."""
        b = self.balance
        return (
            f"Rests on platform data of {self.sites} sites: {_t(b.generated_kg)} t generated, of "
            f"which {_t(b.declared_kg)} t declared and {_t(b.undeclared_kg)} t known "
            f"from postings and agreements only; {_t(b.unposted_kg)} t neither posted nor agreed. "
            "Organisations that are not registered are missing; this is no official statistic."
        )


def _t(mass_kg: int) -> str:
    """Return tonnes to be read: thousands apart."""
    whole, dot, rest = format_tonnes(mass_kg).partition(".")
    return f"{int(whole):,}{dot}{rest}"


Balances = dict[tuple[int, str], Balance]
Places = dict[int, tuple[str, int]]
"""Site → its region and its organisation."""


def planned_rates(session: Session, run: MatchingRun, *, region: str | None = None) -> list[PlannedRate]:
    """Return the general and the bulk rate of a region prefix, of the Delta without one."""
    wanted = region or ""
    return _rates_of(session, run, (wanted,))[wanted]


def planned_rates_by_region(session: Session, run: MatchingRun) -> dict[str, list[PlannedRate]]:
    """Return the rates of the Delta ("") and of each of its provinces."""
    return _rates_of(session, run, ("", *PROVINCES))


def _rates_of(session: Session, run: MatchingRun, regions: Iterable[str]) -> dict[str, list[PlannedRate]]:
    balances, places, known = _balances(session, run), _places(session), known_targets(session)
    told = grouped(_parts(balances, places, run.as_of))
    return {region: _rates(balances, places, run.as_of, region, told, known) for region in regions}


def _rates(
    balances: Balances, places: Places, on: date, region: str, told: Told, known: tuple[Target, ...]
) -> list[PlannedRate]:
    rates = []
    for scope in SCOPES:
        within = {
            key: balance
            for key, balance in balances.items()
            if places[key[0]][0].startswith(region) and in_scope(key[1], scope, on)
        }
        target, over = targets.standing(scope, region, on, known) if region else (None, False)
        rates.append(
            PlannedRate(
                scope=scope,
                region=region,
                on=on,
                balance=sum(within.values(), Balance()),
                target=target,
                target_over=over,
                sites=len({site for site, _ in within}),
                told=told_figures(told, _parts(within, places, on), region, bulk=scope == "bulk"),
            )
        )
    return rates


def _parts(balances: Balances, places: Places, on: date) -> Iterator[Part]:
    """Yield the wastes of the general scope, as `told_planned` asks for them."""
    for (site, code), balance in balances.items():
        if in_scope(code, "general", on):
            region, organisation = places[site]
            figures = {name: getattr(balance, name) for name in FIGURES}
            yield Part(organisation, region, in_scope(code, "bulk", on), figures)


def _balances(session: Session, run: MatchingRun) -> Balances:
    """Return the closed balance of every site and waste that is declared for the run's year or in the run."""
    balances: Balances = defaultdict(Balance)
    declared = select(GenerationDeclaration).where(GenerationDeclaration.year == run.as_of.year)
    for row in session.scalars(declared):
        balances[row.site_id, row.waste_code] = Balance(
            declared_kg=row.generated_kg,
            own_utilised_kg=row.own_utilised_kg,
            own_disposed_kg=row.own_disposed_kg,
            elsewhere_kg=row.entrusted_elsewhere_utilised_kg,
        )
    for mass in planned_masses(session, run):
        balances[mass.site_id, mass.waste_code] += _part(mass, run.as_of)
    return {key: balance.closed() for key, balance in balances.items()}


def _part(mass: PlannedMass, on: date) -> Balance:
    """Return what mass at one stage adds to the balance of its site and waste."""
    counts = mass.operation and utilisation.counts(
        waste_types.is_hazardous(mass.waste_code), mass.operation, on
    )
    counted = mass.mass_kg if counts else 0
    return Balance(
        posted_kg=mass.mass_kg,
        planned_kg=counted,
        planned_today_kg=0 if mass.waits else counted,
        agreed_kg=counted if mass.stage == "agreed" else 0,
        reserved_kg=counted if mass.stage == "reserved" else 0,
    )


def _places(session: Session) -> Places:
    rows = session.execute(select(Site.id, Site.region_code, Site.organisation_id))
    return {row.id: (row.region_code, row.organisation_id) for row in rows}
