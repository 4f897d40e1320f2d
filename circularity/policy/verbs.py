"""The table of verbs: who may do what, as which member of an organisation, and what else it takes.

Columns: verb · who · members · scope · needs.
*who*: `anyone`; `signed_in` (any person or token); `member` (of an organisation that is no authority);
`own` (of any organisation, to what is its own; an authority too, whatever its powers); a side of the thing
(`generator`, `receiver`, `carrier`, `party` = any of them); `@power` = an authority that has it over the
thing (see `catalogue.authority_powers`). Alternatives are joined by `|`.
*members*: `O`wner, o`P`erator, `R`eader, `D`river. *scope*: what a token needs.
*needs*: `verified` (the authority has confirmed the organisation), `awake` (it may take new business) and
`whole` (who asks acts for all its sites).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

CIRCLES = ("anyone", "signed_in", "member", "own")
_MEMBERS = {"O": "owner", "P": "operator", "R": "reader", "D": "driver"}

_TABLE = """
public.read             anyone                                  OPRD  read
session.use             signed_in                               OPRD  write
desk.read               member|@confidential.read               OPRD  read

site.list               member|@confidential.read               OPR   read
site.add                member                                  OP    write  whole
generation.declare      member                                  OP    write
output.list             member|@confidential.read               OPR   read
output.read             generator|@confidential.read            OPR   read
output.draft            member                                  OP    write
draft.list              member                                  OPR   read
draft.read              generator                               OPR   read
draft.write             generator                               OP    write
draft.post              generator                               OP    write  verified,awake
output.post             member                                  OP    write  verified,awake
output.change           generator                               OP    write  verified
facility.register       member                                  OP    write  verified,awake
table.read              member                                  OPR   read
window.list             member|@confidential.read               OPR   read
window.read             receiver|@confidential.read             OPR   read
window.begin            member                                  OP    write  verified,awake
window.change           receiver                                OP    write  verified
window.offer            receiver                                OP    write  verified,awake
entitlement.grant       @entitlement.confirm                    OP    write
entitlement.ask         receiver                                OP    write
organisation.manage     own                                     O     write
organisation.verify     @organisation.verify                    OP    write

proposal.read           generator|receiver|@confidential.read   OPR   read
proposal.answer         generator|receiver                      OP    write  verified,awake
proposal.decline        generator|receiver                      OP    write
agreement.list          member|@confidential.read               OPR   read
agreement.read          generator|receiver|@confidential.read   OPR   read
agreement.offer         generator|receiver                      OP    write  verified,awake
agreement.begin         member                                  OP    write  verified,awake
agreement.end           generator|receiver                      OP    write
agreement.suspend       @agreement.suspend                      OP    write
procedure.note          generator|receiver                      OP    write  verified
procedure.list          member|@confidential.read               OPR   read
procedure.read          generator|receiver|@confidential.read   OPR   read
procedure.file          generator                               OP    write  verified
procedure.consent       @general_approval.consent|@hazardous_transfer.consent  OP  write
procedure.decide        @general_record.review|@general_approval.decide|@hazardous_transfer.decide|@plan_change.accept|@exemption.decide  OP  write

transfer.list           member|@confidential.read               OPRD  read
transfer.read           party|@confidential.read                OPRD  read
transfer.draft          generator                               OP    write  verified
transfer.sign           generator|receiver                      OP    sign   verified
transfer.carry          carrier                                 OPD   sign   verified
transfer.sign_any       party                                   OPD   sign   verified
transfer.receive        receiver                                OP    write  verified
transfer.send           generator                               OP    write  verified
transfer.act            party                                   OP    write  verified
transfer.weigh          generator|receiver                      OP    write  verified

book.list               member|@confidential.read               OPR   read
book.read               generator|@confidential.read            OPR   read
book.begin              member                                  OP    write
book.write              generator                               OP    write
book.close              generator                               OP    sign
book.reverse            generator|@month.reverse                OP    write
rate.read               member|@confidential.read               OPR   read
treatment.list          member|@confidential.read               OPR   read
treatment.read          generator|receiver|@confidential.read   OPR   read
treatment.open          generator                               OPR   write
treatment.withdraw      receiver                                OP    write
treatment.record        receiver                                OP    write  verified

upload.make             member                                  OP    write
upload.read             generator|receiver                      OPR   read
job.start               @matching.start                         OP    write
job.cancel              own                                     OP    write
audit.read              @audit.read                             OPR   read
target.set              @targets.set                            OP    write
readings.read           member                                  OPR   read

entitlement.list        member|@confidential.read               OPR   read
entitlement.read        receiver|@confidential.read             OPR   read
entitlement.confirm     @entitlement.confirm                    OP    write
whitelist.list          member|@confidential.read               OPR   read
whitelist.read          receiver|@confidential.read             OPR   read
whitelist.begin         member|@whitelist.propose               OP    write
whitelist.apply         receiver|@whitelist.propose             OP    write
whitelist.nominate      @whitelist.nominate                     OP    write
whitelist.consent       @whitelist.consent                      OP    write
whitelist.suspend       @whitelist.suspend                      OP    write
"""  # noqa: E501 - a row of a table stays on its line


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: `sides` and `powers` are its alternatives, `open_to` is a wider circle or ""."""

    open_to: str
    sides: frozenset[str]
    powers: tuple[str, ...]
    members: frozenset[str]
    scope: str
    needs: frozenset[str]

    @property
    def is_about_a_thing(self) -> bool:
        """Whether sides of a thing decide: then a foreign thing answers as if it were not there."""
        return bool(self.sides)


def _read(table: str) -> Mapping[str, Rule]:
    rules = {}
    for line in filter(None, map(str.split, table.strip().splitlines())):
        verb, who, members, scope, *needs = line
        words = who.split("|")
        circle = next((word for word in words if word in CIRCLES), "")
        sides = {word for word in words if word != circle and word[0] != "@"}
        rules[verb] = Rule(
            circle,
            frozenset({"generator", "receiver", "carrier"} if "party" in sides else sides),
            tuple(word[1:] for word in words if word[0] == "@"),
            frozenset(_MEMBERS[letter] for letter in members),
            scope,
            frozenset(",".join(needs).split(",")) - {""},
        )
    return MappingProxyType(rules)


RULES = _read(_TABLE)
"""Verb → its row."""
