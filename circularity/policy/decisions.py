"""`may`: one verdict on who asks, what for and about which thing, in a fixed order of reasons.

What does not depend on the thing is asked first, so that a thing of others and one that does not exist are
refused alike, whichever the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from circularity.policy.acting import Acting
from circularity.policy.powers import holds
from circularity.policy.things import Thing
from circularity.policy.verbs import RULES, Rule


@dataclass(frozen=True, slots=True)
class Allowed:
    """It may be done; `watching`: as an authority that is no party to it, so reading it is logged."""

    watching: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """It may not be done: a stable code and a sentence in both languages."""

    code: str
    zh: str
    en: str


Verdict = Allowed | Refused

NOT_SIGNED_IN = Refused("not_signed_in", "请先登录", "sign in first")
NO_ORGANISATION = Refused(
    "no_organisation", "请先选择以哪个单位的身份操作", "choose first for which organisation you act"
)
NO_SCOPE = Refused("no_scope", "此令牌没有所需的范围", "this token lacks the scope for it")
NOT_YOUR_ROLE = Refused(
    "not_your_role", "您在本单位的角色不能进行此操作", "your role in the organisation does not allow this"
)
NOT_VERIFIED = Refused(
    "not_verified", "本单位尚未经主管部门核验", "the authority has not verified the organisation yet"
)
DORMANT = Refused(
    "dormant", "本单位已停用，只能办结已有业务", "the organisation is dormant: it finishes old business only"
)
SOME_SITES_ONLY = Refused(
    "some_sites_only",
    "您只为部分场所操作，不能为整个单位操作",
    "who acts for some sites alone does not act for the whole organisation",
)
NO_POWER = Refused("no_power", "主管部门无此权限", "this is not among the authority's powers")
NOT_FOR_AUTHORITIES = Refused(
    "not_for_authorities", "只有当事单位可以操作", "only the parties themselves do this"
)
NOT_A_PARTY = Refused("not_a_party", "只有该方单位可以操作", "only this party's organisation does this")
NOT_FOUND = Refused("not_found", "未找到", "nothing is found at this address")


def may(acting: Acting, verb: str, thing: Thing | None = None, *, on: date) -> Verdict:
    """Say whether `acting` may do `verb` to `thing`; without a thing, whether to any thing at all.

    `not_found` says that the asker may not know of the thing. Raises KeyError for a verb of no row.
    """
    rule = RULES[verb]
    if rule.open_to == "anyone":
        return Allowed()
    refused = _refused_whatever_the_thing(acting, rule, on)
    if refused is not None:
        return refused
    watches = acting.is_authority and bool(rule.powers)
    if thing is None or rule.open_to == "signed_in":
        return Allowed(watching=watches)
    return _about(acting, rule, thing, on)


def is_concerned(acting: Acting, thing: Thing, *, on: date) -> bool:
    """Tell whether the asker may know of a thing: it is a party to it, or an authority that may read it."""
    if thing.sides_of(acting) and not acting.is_authority:
        return True
    return not thing.is_kept_from(acting) and holds(acting, "confidential.read", thing, on)


def _refused_whatever_the_thing(acting: Acting, rule: Rule, on: date) -> Refused | None:
    obstacles = _of_anybody(acting, rule) if rule.open_to == "signed_in" else _of_members(acting, rule, on)
    return next((refusal for stands, refusal in obstacles if stands), None)


def _of_anybody(acting: Acting, rule: Rule) -> Iterator[tuple[bool, Refused]]:
    yield acting.is_anonymous, NOT_SIGNED_IN
    yield acting.scopes is not None and rule.scope not in acting.scopes, NO_SCOPE


def _of_members(acting: Acting, rule: Rule, on: date) -> Iterator[tuple[bool, Refused]]:
    yield from _of_anybody(acting, rule)
    yield acting.organisation_public_id is None, NO_ORGANISATION
    yield acting.membership not in rule.members, NOT_YOUR_ROLE
    if acting.is_authority and rule.open_to != "own":
        yield not rule.powers, NOT_FOR_AUTHORITIES
        yield not any(holds(acting, power, None, on) for power in rule.powers), NO_POWER
    elif not acting.is_authority:
        yield not (rule.sides or rule.open_to), NO_POWER
        yield "verified" in rule.needs and not acting.verified, NOT_VERIFIED
        yield "awake" in rule.needs and acting.dormant, DORMANT
        yield "whole" in rule.needs and bool(acting.sites), SOME_SITES_ONLY


def _about(acting: Acting, rule: Rule, thing: Thing, on: date) -> Verdict:
    if acting.is_authority and rule.open_to != "own":
        if not thing.is_kept_from(acting) and any(holds(acting, power, thing, on) for power in rule.powers):
            return Allowed(watching=True)
        return NO_POWER if is_concerned(acting, thing, on=on) else NOT_FOUND
    sides = thing.sides_of(acting)
    if not sides:
        return NOT_FOUND
    return Allowed() if rule.open_to or sides & rule.sides else NOT_A_PARTY
