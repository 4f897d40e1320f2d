"""The rules of lawfulness, asked of millions of pairs in a case and of one pair when somebody signs.

`columns` and `tables` hold what is read, `crosses` compares its texts; `pairs` is what is asked about,
`rules` the one ordered table, `predicates` its arithmetic, `presence` whether there is data to ask with;
`timing` finds the shipping days, `sentences` and `facts` the words, `judge` the verdicts. A verdict is a
pre-check: the authority decides.
"""

from circularity.acceptance.columns import CapacityColumns, FacilityColumns, OutputColumns, columns_of
from circularity.acceptance.judge import VERDICTS, Finding, Verdicts, all_findings, findings, judge
from circularity.acceptance.pairs import Pairs
from circularity.acceptance.rules import CONDITIONS, RULES, Rule, ask_conditions, days, not_asked, rule
from circularity.acceptance.sentences import ADVICE_EN, ADVICE_ZH, WORDS
from circularity.acceptance.tables import Tables

__all__ = [
    "ADVICE_EN",
    "ADVICE_ZH",
    "CONDITIONS",
    "RULES",
    "VERDICTS",
    "WORDS",
    "CapacityColumns",
    "FacilityColumns",
    "Finding",
    "OutputColumns",
    "Pairs",
    "Rule",
    "Tables",
    "Verdicts",
    "all_findings",
    "ask_conditions",
    "columns_of",
    "days",
    "findings",
    "judge",
    "not_asked",
    "rule",
]
