"""The facts of one pair as text, by the names that the sentences use, and the sentences filled in."""

from __future__ import annotations

from collections.abc import Callable
from string import Formatter

from circularity.acceptance import predicates
from circularity.acceptance.pairs import OPEN_DAY, Pairs
from circularity.acceptance.rules import Rule, days
from circularity.catalogue import regions
from circularity.catalogue.analytes import analyte_of, unit_of
from circularity.catalogue.waste_codes import kind_of
from circularity.units import M_PER_KM, MICRO, format_date, format_scaled, format_tonnes

Fact = Callable[[Pairs], str]
Words = dict[str, tuple[str, str]]

STANDING_WORDS = {
    "suspended": ("已暂停", "suspended"),
    "blacklisted": ("列入黑名单", "blacklisted"),
    "accident": ("有环境或安全事故标记", "flagged for an accident"),
}
STATUS_WORDS = {"by_product": ("副产品", "by-product"), "product": ("产品", "product")}
ENTITLEMENT_WORDS = {
    "": ("未说明", "not stated"),
    "hazardous_licence": ("危险废物经营许可证", "hazardous waste licence"),
    "collection_licence": ("危险废物收集许可证", "collection licence"),
    "point_to_point_scheme": ("点对点定向利用方案", "point-to-point scheme"),
    "stage_exemption": ("环节豁免", "stage exemption"),
    "eia_approval": ("环评批复", "EIA approval"),
    "discharge_permit": ("排污许可证", "discharge permit"),
    "capability_statement": ("能力说明", "statement of capability"),
}


def fill(template: str, pair: Pairs, rule: Rule, slack: int, receiver: str = "") -> str:
    """Return a sentence with the facts of a single pair; `receiver` is how the capacity is called."""
    given = {"slack": slack_text(rule, slack), "receiver": receiver}
    names = {name for _, name, _, _ in Formatter().parse(template) if name}
    facts = {name: given[name] if name in given else FACTS[name](pair) for name in names}
    return template.format(**facts)


def slack_text(rule: Rule, slack: int) -> str:
    """Return a slack as people say it: km, t or CNY/t exactly, days as they are."""
    if rule.slack_unit == "m":
        return format_scaled(slack, M_PER_KM)
    if rule.slack_unit in ("kg", "ucny_per_kg"):
        return format_scaled(slack, 1000)
    return str(slack)


def deviations(pair: Pairs) -> list[tuple[str, int, int, int]]:
    """Return (analyte, assay, limit, excess) in millionths for every analyte outside its limits."""
    found = []
    for analyte in predicates.limited_analytes(pair.tables):
        excess, limit = predicates.analyte_excess(pair, analyte)
        if excess[0] > 0:
            assay = int(pair.tables.outputs.assays[analyte][pair.i[0]])
            found.append((analyte, assay, int(limit[0]), int(excess[0])))
    return found


_APART = {"zh": "；", "en": "; "}
_LISTED = {"zh": "、", "en": ", "}


def _excesses(language: str) -> Fact:
    def excesses(pair: Pairs) -> str:
        parts = []
        for analyte, assay, limit, _ in deviations(pair):
            sign = ">" if assay > limit else "<"
            compared = f"{format_scaled(assay, MICRO)} {sign} {format_scaled(limit, MICRO)}"
            parts.append(_with_unit(analyte, language, compared))
        return _APART[language].join(parts)

    return excesses


def _deviations(language: str) -> Fact:
    def off_by(pair: Pairs) -> str:
        found = [(analyte, format_scaled(excess, MICRO)) for analyte, _, _, excess in deviations(pair)]
        return _APART[language].join(_with_unit(analyte, language, excess) for analyte, excess in found)

    return off_by


def _missing(language: str) -> Fact:
    def missing(pair: Pairs) -> str:
        analytes = predicates.limited_analytes(pair.tables)
        return _LISTED[language].join(
            _named(a, language) for a in analytes if predicates.analyte_missing(pair, a)[0]
        )

    return missing


def _with_unit(analyte: str, language: str, value: str) -> str:
    return f"{_named(analyte, language)} {value} {unit_of(analyte)}".strip()


def _named(analyte: str, language: str) -> str:
    return str(getattr(analyte_of(analyte), f"name_{language}"))


def _output(column: str) -> Fact:
    return lambda pair: str(getattr(pair.tables.outputs, column)[pair.i[0]])


def _capacity(column: str) -> Fact:
    return lambda pair: str(getattr(pair.tables.capacities, column)[pair.j[0]])


def _word(words: Words, key: Fact, language: int) -> Fact:
    """Return the fact in words; a key without words speaks for itself."""
    return lambda pair: words.get(key(pair), (key(pair), key(pair)))[language]


def _standing(pair: Pairs) -> str:
    return str(pair.tables.facilities.standing[pair.tables.capacities.facility[pair.j[0]]])


def _province(side: str, language: str) -> Fact:
    def name(pair: Pairs) -> str:
        number = pair.tables.origin[pair.i[0]] if side == "origin" else pair.tables.destination[pair.j[0]]
        try:
            return str(getattr(regions.get(f"{number}0000"), f"name_{language}"))
        except regions.UnknownRegion:  # waste may come from outside the Delta
            return f"{number}0000"

    return name


def _organisation(unnamed: str) -> Fact:
    return lambda pair: str(pair.tables.outputs.organisation[pair.i[0]]) or unnamed


def _document(hazardous: str, general: str) -> Fact:
    return lambda pair: hazardous if pair.tables.hazardous[pair.i[0]] else general


def _exemption(language: str) -> Fact:
    def condition(pair: Pairs) -> str:
        entries = pair.tables.entries(int(pair.i[0]), int(pair.j[0]))
        return _APART[language].join(str(getattr(entry, f"condition_{language}")) for entry in entries)

    return condition


def _needed_to(pair: Pairs) -> str:
    first, last = pair.window()
    return format_date(int(first[0] if last[0] == OPEN_DAY else last[0]))


def _cost(pair: Pairs) -> str:
    return "" if pair.net_cost_ucny_per_kg is None else format_scaled(int(pair.net_cost_ucny_per_kg[0]), 1000)


def _distance(pair: Pairs) -> str:
    return "" if pair.distance_m is None else format_scaled(int(pair.distance_m[0]), M_PER_KM)


FACTS: dict[str, Fact] = {
    "allowed": _output("allowed_operations"),
    "cost": _cost,
    "cost_limit": lambda p: format_scaled(int(_output("max_net_cost_ucny_per_kg")(p)), 1000),
    "destination_en": _province("destination", "en"),
    "destination_zh": _province("destination", "zh"),
    "deviations_en": _deviations("en"),
    "deviations_zh": _deviations("zh"),
    "distance_km": _distance,
    "document_en": _document("a hazardous waste licence", "an entitlement"),
    "document_zh": _document("危险废物经营许可证", "资质"),
    "earliest": lambda p: format_date(int(days(p)[0][0])),
    "excesses_en": _excesses("en"),
    "excesses_zh": _excesses("zh"),
    "exemption_en": _exemption("en"),
    "exemption_zh": _exemption("zh"),
    "kind_en": _word(ENTITLEMENT_WORDS, _capacity("entitlement_kind"), 1),
    "kind_zh": _word(ENTITLEMENT_WORDS, _capacity("entitlement_kind"), 0),
    "licence_to": lambda p: format_date(int(_capacity("licence_valid_to_day")(p))),
    "limit_km": lambda p: format_scaled(int(predicates.distance_limit_m(p)[0]), M_PER_KM),
    "mass_t": lambda p: format_tonnes(int(_output("mass_kg")(p))),
    "missing_en": _missing("en"),
    "missing_zh": _missing("zh"),
    "needed_to": _needed_to,
    "operation": lambda p: _capacity("operation")(p) or "—",
    "organisation_en": _organisation("this generator"),
    "organisation_zh": _organisation("该产生单位"),
    "origin_en": _province("origin", "en"),
    "origin_zh": _province("origin", "zh"),
    "pattern": _capacity("waste_pattern"),
    "plan_t": lambda p: format_tonnes(max(0, int(_output("plan_mass_kg")(p)))),
    "standing_en": _word(STANDING_WORDS, _standing, 1),
    "standing_zh": _word(STANDING_WORDS, _standing, 0),
    "status_en": _word(STATUS_WORDS, _output("status"), 1),
    "status_zh": _word(STATUS_WORDS, _output("status"), 0),
    "waste_code": _output("waste_code"),
    "waste_kind": lambda p: kind_of(_output("waste_code")(p)),
    "window_to": lambda p: format_date(int(p.entitled_window()[1][0])),
}
