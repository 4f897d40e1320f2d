"""Every lifecycle as a table: (state, act) → the next state, who may do it, and which guard must hold.

Nothing else sets a status. `advance` is the one way: it asks the table, runs the guard and sets the state, or
raises RuleBroken and changes nothing. Parties are those of the row: a *receiver* is the facility's
organisation, a *carrier* one named in the document; the platform itself, its clock included, is *system*.
The tables of the white lists are in `circularity.listing_lifecycles`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from circularity.errors import RuleBroken
from circularity.listing_lifecycles import LISTING_TABLES

PARTIES = ("generator", "carrier", "receiver", "authority", "proposer", "partner", "system")
"""Who acts; in a transfer the generator is its sender, which may be a collector."""

Guards = Mapping[str, Callable[[], None]]
"""By name, checks that raise RuleBroken themselves when they do not hold."""


class HasStatus(Protocol):
    """A row with a lifecycle."""

    status: str


@dataclass(frozen=True, slots=True)
class Step:
    """One legal step: the state it leads to, who may take it, and the name of its guard ("" = none)."""

    to: str
    who: frozenset[str]
    guard: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """One lifecycle: where it starts, and its steps by (state, act)."""

    start: str
    steps: Mapping[tuple[str, str], Step]

    @property
    def states(self) -> tuple[str, ...]:
        """Every state, the start first, in the order of the table."""
        found = [self.start, *(word for (state, _), step in self.steps.items() for word in (state, step.to))]
        return tuple(dict.fromkeys(found))

    @property
    def final(self) -> tuple[str, ...]:
        """The states that nothing leaves."""
        left = {state for state, _ in self.steps}
        return tuple(state for state in self.states if state not in left)


def _machine(start: str, table: str) -> Machine:
    """Read lines of `state act to who[,who] [guard]`; several states are joined by `|`."""
    steps = {}
    for line in filter(None, map(str.split, table.strip().splitlines())):
        states, act, to, who, *guard = line
        for state in states.split("|"):
            steps[state, act] = Step(to, frozenset(who.split(",")), *guard)
    return Machine(start, MappingProxyType(steps))


MACHINES: Mapping[str, Machine] = MappingProxyType(
    {
        # What a run proposes; the deal itself is the agreement's.
        "proposal": _machine(
            "open",
            """
            open            answer     countered   generator,receiver
            open|countered  agree      agreed      system
            open|countered  decline    declined    generator,receiver
            countered       reopen     open        system
            open            expire     expired     system
            open            supersede  superseded  system
            """,
        ),
        # `accept` by one side reserves, by the other commits; a counter-offer gives the reservation back.
        "agreement": _machine(
            "offered_by_generator",
            """
            offered_by_generator   counter  offered_by_facility    receiver
            offered_by_facility    counter  offered_by_generator   generator
            offered_by_generator   revise   offered_by_generator   generator
            offered_by_facility    revise   offered_by_facility    receiver
            offered_by_generator   accept   accepted_by_facility   receiver   acceptable
            offered_by_facility    accept   accepted_by_generator  generator  acceptable
            accepted_by_facility   counter  offered_by_generator   generator
            accepted_by_generator  counter  offered_by_facility    receiver
            accepted_by_facility   confirm  agreed                 generator  committable
            accepted_by_generator  confirm  agreed                 receiver   committable
            accepted_by_facility   lapse    offered_by_generator   system
            accepted_by_generator  lapse    offered_by_facility    system
            offered_by_generator|offered_by_facility|accepted_by_facility|accepted_by_generator decline declined generator,receiver
            offered_by_generator|offered_by_facility                                            expire  expired  system
            agreed                 suspend  suspended              authority,system
            suspended              resume   agreed                 authority,system  still_lawful
            agreed                 ask_to_end    agreed            generator,receiver
            suspended              ask_to_end    suspended         generator,receiver
            agreed                 withdraw_end  agreed            generator,receiver  asked
            suspended              withdraw_end  suspended         generator,receiver  asked
            agreed|suspended       end      ended                  generator,receiver  by_consent
            agreed|suspended       run_out  ended                  system
            """,  # noqa: E501 - a row of a table stays on its line
        ),
        # What an agreement holds of one limit.
        "hold": _machine(
            "reserved",
            """
            reserved   commit   committed  system
            reserved   release  released   system
            committed  release  released   system
            """,
        ),
        # One trip. A refused part returns, or leaves from where it is on a new transfer.
        "transfer": _machine(
            "draft",
            """
            draft                redraft         draft            generator  still_fits
            draft                submit          submitted        generator  may_leave
            draft                discard         cancelled        generator
            submitted            cancel          cancelled        generator
            submitted            pick_up         picked_up        carrier    carrier_fit
            picked_up            hand_over       picked_up        carrier    carrier_fit
            picked_up            cancel          returning        system     by_consent
            picked_up            arrive          arrived          receiver
            arrived              accept          accepted         receiver   may_receive
            arrived              accept_part     partly_accepted  receiver   may_receive
            arrived              refuse          refused          receiver
            accepted             close           closed           system     official_number
            refused|partly_accepted   send_back  returning        receiver,carrier,generator
            refused|partly_accepted   rematch    rematched        generator  rest_taken_over
            returning            take_back       returned         generator
            returned|rematched   close           closed           system     official_number
            """,
        ),
        # A daily sheet, a meter or a draught survey: one signature per side for the whole period.
        "sheet": _machine(
            "draft",
            """
            draft      redraft      draft            generator  still_fits
            draft      submit       submitted        generator  may_leave
            draft      discard      cancelled        generator
            submitted  cancel       cancelled        system     by_consent
            submitted  accept       accepted         receiver   may_receive
            submitted  accept_part  partly_accepted  receiver   may_receive
            submitted  refuse       refused          receiver
            accepted   close        closed           system     official_number
            partly_accepted|refused  take_back  returned  generator
            returned   close        closed           system     official_number
            """,
        ),
        # A change of a signed document, approved by every other party or not made.
        "correction": _machine(
            "asked",
            """
            asked  agree     asked      generator,carrier,receiver
            asked  approve   approved   system                      all_agree
            asked  refuse    refused    generator,carrier,receiver
            asked  withdraw  withdrawn  generator,carrier,receiver
            """,
        ),
        # One waste of one site in one month; a closed month is never opened, a new revision reverses it.
        "month": _machine(
            "open",
            """
            open    write    open      generator
            open    discard  dropped   generator
            open    close    closed    generator  balanced
            closed  reverse  reversed  generator,authority
            """,
        ),
        **{name: _machine(start, table) for name, (start, table) in LISTING_TABLES.items()},
    }
)


def states(machine: str) -> tuple[str, ...]:
    """Return every state of a lifecycle, for the CHECK of its column."""
    return MACHINES[machine].states


def legal_acts(machine: str, state: str, who: str | None = None) -> tuple[str, ...]:
    """Return what may be done in a state, by anyone or by one party."""
    return tuple(
        act
        for (at, act), step in MACHINES[machine].steps.items()
        if at == state and (who is None or who in step.who)
    )


def next_step(machine: str, state: str, act: str, who: str) -> Step:
    """Return the legal step. Raises RuleBroken `illegal_step` (facts: state, act, who, legal, allowed).

    `legal` lists what may be done in this state at all, `allowed` what this party may do.
    """
    step = MACHINES[machine].steps.get((state, act))
    if step is None or who not in step.who:
        legal, allowed = legal_acts(machine, state), legal_acts(machine, state, who)
        zh_listed, en_listed = (mark.join(allowed) or "–" for mark in ("、", ", "))
        zh = f"状态 {state} 下，{who} 不能执行 {act}；可执行：{zh_listed}"
        en = f"in state {state}, {who} cannot {act}; what is possible: {en_listed}"
        raise RuleBroken(
            "illegal_step",
            zh,
            en,
            machine=machine,
            state=state,
            act=act,
            who=who,
            legal=legal,
            allowed=allowed,
        )
    return step


def advance(row: HasStatus, machine: str, act: str, who: str, guards: Guards | None = None) -> str:
    """Take one step: ask the table, run its guard, set the row's status and return it.

    Raises RuleBroken `illegal_step` or what the guard raises, the row unchanged; KeyError when the caller
    brings no guard of the name the table asks for, so that none can be forgotten.
    """
    step = next_step(machine, row.status, act, who)
    if step.guard:
        (guards or {})[step.guard]()
    row.status = step.to
    return step.to
