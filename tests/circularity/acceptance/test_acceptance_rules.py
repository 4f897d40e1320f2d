"""Each rule with a lawful and a broken pair, its slack by hand, and what it says in both languages."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from builders import ANHUI, AS_OF, JIANGSU, SHANGHAI, ZHEJIANG, capacity, case, output

from circularity.acceptance import (
    CONDITIONS,
    RULES,
    VERDICTS,
    WORDS,
    Finding,
    Pairs,
    findings,
    judge,
    not_asked,
)
from circularity.catalogue import legal
from circularity.units import MISSING
from matching.pairs.eligibility import tables_of, with_costs

ACID = "398-007-34"
FLY_ASH = "772-002-18"


def days(n: int) -> date:
    return AS_OF + timedelta(days=n)


def pair_of(an_output: dict[str, Any], a_capacity: dict[str, Any], **parameters: Any) -> Pairs:
    built = case([an_output], [a_capacity], **parameters)
    zero = np.zeros(1, dtype=np.int64)
    return with_costs(built, Pairs(tables_of(built), zero, zero))


def found(an_output: dict[str, Any], a_capacity: dict[str, Any], **parameters: Any) -> dict[str, Finding]:
    return {finding.rule: finding for finding in findings(pair_of(an_output, a_capacity, **parameters))}


def acid(**columns: Any) -> dict[str, Any]:
    return output("O1", 100, ACID, **columns)


def acid_works(**columns: Any) -> dict[str, Any]:
    columns = {"entitlement_kind": "hazardous_licence", "operation": "R6", **columns}
    return capacity("C1", 100, columns.pop("waste_pattern", "HW34"), columns.pop("operation"), **columns)


SLAG, KILN = output("O1"), capacity("C1")

LAWFUL = {
    "slag to a building-material plant next door": (SLAG, KILN),
    "acid to a licensed works": (acid(), acid_works()),
    "a collection licence stores what its pattern covers": (
        acid(),
        acid_works(entitlement_kind="collection_licence", operation="ZC"),
    ),
    "a kind pattern covers the full code": (SLAG, capacity("C1", waste_pattern="SW02")),
    "a full-code pattern covers the code": (acid(), acid_works(waste_pattern=ACID)),
    "slag sold as a by-product": (output("O1", status="by_product"), KILN),
    "an allowed operation": (output("O1", allowed_operations="R5;C2"), KILN),
    "a named sender": (output("O1", organisation="Fab A"), capacity("C1", senders="Fab B;Fab A")),
    "a point-to-point scheme that names the sender": (
        acid(organisation="Fab A"),
        acid_works(entitlement_kind="point_to_point_scheme", senders="Fab A"),
    ),
    "intervals that share one day": (
        output("O1", available_to=days(10)),
        capacity("C1", available_from=days(10)),
    ),
    "an entitlement that ends with the window": (
        output("O1", available_to=days(10)),
        capacity("C1", licence_valid_to=days(10)),
    ),
    "an assay on its limit": (
        output("O1", assays={"cl_mg_per_kg": 300}),
        capacity("C1", limits_max={"cl_mg_per_kg": 300}, limits_min={"cl_mg_per_kg": 300}),
    ),
    "general waste across provinces with its record granted": (
        output("O1", place=ANHUI),
        capacity("C1", accepts_from="34"),
    ),
    "a by-product across provinces": (output("O1", place=ANHUI, status="by_product"), KILN),
    "acid wholly in the filed plan": (acid(plan_mass_t=100), acid_works()),
}


@pytest.mark.parametrize("situation", LAWFUL)
def test_a_pair_is_lawful_now(situation: str) -> None:
    assert findings(pair_of(*LAWFUL[situation])) == []


BROKEN: dict[str, tuple[dict[str, Any], dict[str, Any], str, int, str, str]] = {
    "a suspended facility": (
        SLAG,
        capacity("C1", standing="suspended"),
        "standing",
        1,
        "已暂停",
        "is suspended",
    ),
    "another kind of waste": (
        SLAG,
        capacity("C1", waste_pattern="SW06"),
        "waste_code",
        1,
        "资质范围 SW06 不含废物代码 900-001-S02",
        "covers SW06, not waste code 900-001-S02",
    ),
    "hazardous waste called a by-product": (
        acid(status="by_product"),
        acid_works(),
        "relabel",
        1,
        "不得以副产品名义转移",
        "may not move as a by-product",
    ),
    "an operation that the generator does not allow": (
        output("O1", allowed_operations="R5;R4"),
        KILN,
        "operation",
        1,
        "允许的方式（R5;R4）不含 C2",
        "allows R5;R4, not C2",
    ),
    "acid to be regenerated under a licence that only collects": (
        acid(),
        acid_works(entitlement_kind="collection_licence"),
        "hazardous_licence",
        1,
        "现为：危险废物收集许可证",
        "this is: collection licence",
    ),
    "a point-to-point scheme whose list of senders is a bare separator": (
        acid(),
        acid_works(entitlement_kind="point_to_point_scheme", senders=";"),
        "point_to_point",
        1,
        "未写明产生单位",
        "names no sender",
    ),
    "acid to a plant without licence": (
        acid(),
        acid_works(entitlement_kind="eia_approval", waste_pattern="*"),
        "hazardous_licence",
        1,
        "只能交给持危险废物经营许可证",
        "this is: EIA approval",
    ),
    "an exemption that the list does not hold": (
        acid(),
        acid_works(entitlement_kind="stage_exemption", operation="D1"),
        "exemption_stage",
        1,
        "豁免管理清单未列 398-007-34 的方式 D1",
        "does not hold 398-007-34 under operation D1",
    ),
    "an exemption of transport only opens no outlet": (
        output("O1", 100, "900-045-49"),
        acid_works(entitlement_kind="stage_exemption", operation="R4", waste_pattern="HW49"),
        "exemption_stage",
        1,
        "未列 900-045-49",
        "does not hold 900-045-49",
    ),
    "a point-to-point scheme that names nobody": (
        acid(organisation="Fab A"),
        acid_works(entitlement_kind="point_to_point_scheme"),
        "point_to_point",
        1,
        "未写明产生单位",
        "names no sender",
    ),
    "an exemption between Jiangsu and Shanghai": (
        acid(place=JIANGSU, organisation="Fab A"),
        acid_works(entitlement_kind="point_to_point_scheme", senders="Fab A"),
        "exemption_region",
        1,
        "江苏省与上海市之间不互认",
        "not recognised between Jiangsu and Shanghai",
    ),
    "a sender who is not named": (
        output("O1", organisation="Fab C"),
        capacity("C1", senders="Fab A;Fab B"),
        "sender",
        1,
        "Fab C不在其中",
        "Fab C is not one of them",
    ),
    "intervals that miss each other by 5 days": (
        output("O1", available_to=days(10)),
        capacity("C1", available_from=days(15)),
        "period",
        15 - 10,
        "相差 5 天",
        "5 day(s) are missing",
    ),
    "an output that ended before the day of asking": (
        output("O1", available_to=days(-3)),
        KILN,
        "period",
        3,
        "相差 3 天",
        "3 day(s)",
    ),
    "a licence that ends inside the window": (
        acid(available_to=days(30)),
        acid_works(licence_valid_to=days(20)),
        "licence_validity",
        30 - 20,
        "资质 2026-09-21 到期，转移须覆盖至 2026-10-01",
        "ends on 2026-09-21; it must last to 2026-10-01",
    ),
    "a licence that has ended, for an open window": (
        acid(),
        acid_works(licence_valid_to=days(-1)),
        "licence_validity",
        1,
        "资质 2026-08-31 到期",
        "it must last to 2026-09-01",
    ),
    "chlorine above the limit": (
        output("O1", assays={"cl_mg_per_kg": 520.5}),
        capacity("C1", limits_max={"cl_mg_per_kg": 300}),
        "composition",
        220_500_000,  # 520.5 - 300 mg/kg in millionths
        "氯 520.5 > 300 mg/kg",
        "chlorine 520.5 > 300 mg/kg",
    ),
    "acid too weak": (
        acid(assays={"h2so4_percent": 45}),
        acid_works(limits_min={"h2so4_percent": 50}),
        "composition",
        5_000_000,
        "硫酸 45 < 50 %",
        "sulphuric acid (H₂SO₄) 45 < 50 %",
    ),
    "farther than the facility takes": (
        output("O1", place=ANHUI),
        capacity("C1", max_distance_km=250, accepts_from="34"),
        "distance",
        288_672 - 250_000,  # geopy: Wuhu - Shanghai 288.672 km
        "运距 288.672 km 超过上限 250 km",
        "288.672 km is beyond the distance limit of 250 km",
    ),
    "dearer than the generator accepts": (
        output("O1", price_cny_per_t=20, max_net_cost_cny_per_t=10),
        capacity("C1", gate_fee_cny_per_t=45.5),
        "too_dear",
        15_500,  # 0 km of transport + 45.5 - 20 = 25.5 CNY/t, 15.5 above 10
        "净成本 25.5 元/吨高于上限 10 元/吨",
        "25.5 CNY/t is above the limit of 10 CNY/t",
    ),
    "no day left after the lead time": (
        output("O1", place=ANHUI, available_to=days(7)),
        KILN,
        "lead_time",
        14 - 7,  # 10 working days after Tuesday 1 September 2026 is 15 September
        "手续最早 2026-09-15 办结，转移期 2026-09-08 已结束，差 7 天",
        "procedures end on 2026-09-15 at the earliest, the shipping window on 2026-09-08: 7 day(s) too late",
    ),
}


@pytest.mark.parametrize("situation", BROKEN)
def test_a_pair_is_unlawful_by_that_rule_and_that_much(situation: str) -> None:
    an_output, a_capacity, rule, slack, zh, en = BROKEN[situation]
    finding = found(an_output, a_capacity)[rule]
    assert (finding.effect, finding.slack) == ("unlawful", slack)
    assert zh in finding.zh
    assert en in finding.en
    verdicts = judge(pair_of(an_output, a_capacity))
    assert VERDICTS[verdicts.verdict[0]] == "unlawful"
    assert RULES[verdicts.first_rule[0]].code == rule


CONDITIONAL: dict[str, tuple[dict[str, Any], dict[str, Any], str, str, str]] = {
    "slag from Anhui to be utilised in Shanghai": (
        output("O1", place=ANHUI),
        KILN,
        "general_record",
        "由安徽省跨省至上海市利用，须先备案",
        "from Anhui to be utilised in Shanghai needs a record",
    ),
    "slag from Anhui to a landfill in Shanghai": (
        output("O1", place=ANHUI),
        capacity("C1", operation="D1"),
        "general_approval",
        "贮存、处置，须先经批准",
        "to storage or disposal in Shanghai needs an approval",
    ),
    "acid across provinces": (
        acid(place=JIANGSU),
        acid_works(),
        "hazardous_cross_province",
        "由江苏省跨省转移至上海市，须先经移出地省级主管部门批准",
        "from Jiangsu to Shanghai needs an approval of the province of origin",
    ),
    "acid half in the filed plan": (
        acid(plan_mass_t=40),
        acid_works(),
        "plan",
        "管理计划为 40 t，本批为 100 t",
        "holds 40 t of these 100 t",
    ),
    "no assay for a limit": (
        SLAG,
        capacity("C1", limits_max={"cl_mg_per_kg": 300, "so3_percent": 4}),
        "assay",
        "缺少接收方限值对应的检测：氯、三氧化硫",
        "missing: chlorine, sulphur trioxide (SO₃)",
    ),
    "fly ash to a kiln under the exemption list": (
        output("O1", 100, FLY_ASH),
        capacity("C1", 100, "HW18", "C1", entitlement_kind="stage_exemption"),
        "exemption_evidence",
        "豁免条件须有证明：满足 GB 30485 与 HJ 662",
        "meets GB 30485 and HJ 662",
    ),
}


@pytest.mark.parametrize("situation", CONDITIONAL)
def test_a_pair_is_conditional_and_says_what_must_be_granted(situation: str) -> None:
    an_output, a_capacity, rule, zh, en = CONDITIONAL[situation]
    pair = pair_of(an_output, a_capacity)
    verdicts = judge(pair)
    assert VERDICTS[verdicts.verdict[0]] == "conditional"
    assert verdicts.conditions[0] == 1 << CONDITIONS.index(rule)
    finding = findings(pair)[0]
    assert finding.rule == rule
    assert zh in finding.zh
    assert en in finding.en
    assert finding.procedure is not None
    assert finding.ready_day == verdicts.earliest_day[0] > AS_OF.toordinal()


def test_the_examples_forget_no_rule() -> None:
    assert {row[2] for row in BROKEN.values()} | {row[2] for row in CONDITIONAL.values()} == {
        r.code for r in RULES
    }


def test_every_rule_has_words_and_a_legal_basis_before_and_after_the_code_of_2026() -> None:
    assert [rule.code for rule in RULES] == list(WORDS)
    for rule in RULES:
        assert legal.basis(rule.legal_key, date(2026, 8, 14)).document_zh
        assert legal.basis(rule.legal_key, date(2026, 8, 15)).document_en
        assert (
            bool(WORDS[rule.code].change_zh)
            == bool(WORDS[rule.code].change_en)
            == (rule.effect == "unlawful")
        )


def test_a_verdict_cites_the_law_of_its_own_day() -> None:
    plant = acid_works(entitlement_kind="", waste_pattern="*")
    before = found(acid(), plant, as_of_day=date(2026, 8, 14).toordinal())["hazardous_licence"]
    after = found(acid(), plant, as_of_day=date(2026, 8, 15).toordinal())["hazardous_licence"]
    assert (before.legal.article_zh, before.confidence) == ("第八十条", "H")
    assert (after.legal.document_zh, after.confidence) == ("《中华人民共和国生态环境法典》", "L")


def test_an_exemption_counts_between_shanghai_and_zhejiang_but_still_needs_the_approval() -> None:
    scheme = acid_works(entitlement_kind="point_to_point_scheme", senders="Fab A", place=ZHEJIANG)
    assert list(found(acid(organisation="Fab A"), scheme)) == ["hazardous_cross_province"]


def test_an_exemption_needs_no_recognition_inside_jiangsu() -> None:
    scheme = acid_works(entitlement_kind="point_to_point_scheme", senders="Fab A", place=JIANGSU)
    assert found(acid(organisation="Fab A", place=JIANGSU), scheme) == {}


def test_a_wrong_facility_breaks_several_rules_and_the_first_is_told() -> None:
    works = acid_works(entitlement_kind="", waste_pattern="SW02", standing="blacklisted")
    verdicts = judge(pair_of(acid(), works))
    assert list(found(acid(), works)) == ["standing", "waste_code", "hazardous_licence"]
    assert RULES[verdicts.first_rule[0]].code == "standing"


def test_of_two_analytes_the_slack_is_that_of_the_larger_share_of_its_limit() -> None:
    slag = output("O1", assays={"cl_mg_per_kg": 330, "so3_percent": 8})
    plant = capacity("C1", limits_max={"cl_mg_per_kg": 300, "so3_percent": 4})
    finding = found(slag, plant)["composition"]
    assert finding.slack == 4_000_000  # so3 is 100 % over, cl 10 %
    assert finding.en.endswith("chlorine 330 > 300 mg/kg; sulphur trioxide (SO₃) 8 > 4 %")


def test_the_strictest_of_three_distance_limits_decides() -> None:
    slag = output("O1", place=ANHUI, max_distance_km=200)
    plant = capacity("C1", max_distance_km=100, accepts_from="34")
    assert found(slag, plant)["distance"].slack == 288_672 - 100_000
    assert found(slag, plant, max_distance_m=50_000)["distance"].slack == 288_672 - 50_000


def test_an_unknown_gate_fee_is_not_judged_too_dear_and_a_missing_price_asks_nothing() -> None:
    built = case(
        [output("O1", max_net_cost_cny_per_t=1)],
        [capacity("C1", gate_fee_cny_per_t=900), capacity("C2")],
    )
    columns = np.array([0, 1])
    verdicts = judge(with_costs(built, Pairs(tables_of(built), np.zeros(2, dtype=np.int64), columns)))
    assert [VERDICTS[v] for v in verdicts.verdict] == ["unlawful", "lawful"]


def test_a_rule_without_data_is_listed_as_not_asked() -> None:
    bare = case([output("O1", place=None)], [capacity("C1", place=None)])
    assert not_asked(tables_of(bare)) == (
        "standing",
        "operation",
        "exemption_region",
        "sender",
        "period",
        "licence_validity",
        "composition",
        "distance",
        "too_dear",
        "hazardous_cross_province",
        "general_record",
        "general_approval",
        "plan",
        "assay",
    )


def test_a_rule_that_lacks_the_region_of_some_pairs_is_listed_as_not_asked() -> None:
    somewhere = (31.222, 121.458, "")
    built = case([acid(), output("O2", 1, ACID, place=somewhere)], [acid_works(place=ANHUI)])
    assert judge(Pairs(tables_of(built), np.array([0, 1]), np.array([0, 0]))).conditions.tolist() == [1, 0]
    unknown = {"exemption_region", "hazardous_cross_province", "general_record", "general_approval"}
    assert unknown <= set(not_asked(tables_of(built)))
    told = case([acid()], [acid_works(place=ANHUI)])
    assert not unknown & set(not_asked(tables_of(told)))


@pytest.mark.parametrize("spelled", ["34", "3402", "340000", "340200"])
def test_a_province_may_be_spelled_with_all_six_digits(spelled: str) -> None:
    from_anhui = acid(place=ANHUI)
    assert found(from_anhui, acid_works()) != {}
    assert found(from_anhui, acid_works(accepts_from=spelled)) == {}


def test_the_plan_rule_is_not_asked_where_no_hazardous_output_states_its_plan() -> None:
    built = case([acid(), output("O2", plan_mass_t=1)], [acid_works()])
    assert "plan" in not_asked(tables_of(built))


def test_a_pair_in_shanghai_without_dates_may_ship_at_once_and_for_ever() -> None:
    verdicts = judge(pair_of(SLAG, capacity("C1", place=SHANGHAI)))
    assert (verdicts.earliest_day[0], verdicts.latest_day[0]) == (AS_OF.toordinal(), MISSING)
