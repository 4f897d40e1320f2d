"""What each rule says, in Chinese and English: its name, what is wrong, and the change that puts it right.

Words in braces are facts of one pair, filled in by `facts`; `slack` is how far the pair is from lawful and
`receiver` the capacity's id. A change never tells more of the other party than that distance.
"""

from __future__ import annotations

from dataclasses import dataclass

ADVICE_ZH = "合规预检，以主管部门审批为准"
ADVICE_EN = "Compliance pre-check; the competent authority decides"


@dataclass(frozen=True)
class Words:
    """One rule in words. Conditional rules exclude nothing, so they name no change."""

    name_zh: str
    name_en: str
    zh: str
    en: str
    change_zh: str = ""
    change_en: str = ""


WORDS: dict[str, Words] = {
    "standing": Words(
        "设施状态",
        "facility standing",
        "设施{standing_zh}，不得接收新的废物",
        "the facility is {standing_en} and takes no new waste",
        "{receiver} 解除“{standing_zh}”后方可接收",
        "{receiver} can take it once it is no longer {standing_en}",
    ),
    "waste_code": Words(
        "废物代码",
        "waste code",
        "资质范围 {pattern} 不含废物代码 {waste_code}",
        "the entitlement covers {pattern}, not waste code {waste_code}",
        "需要涵盖 {waste_kind} 的{document_zh}",
        "{document_en} covering {waste_kind} is needed",
    ),
    "relabel": Words(
        "危险废物改名",
        "hazardous waste relabelled",
        "{waste_code} 属危险废物，不得以{status_zh}名义转移",
        "{waste_code} is hazardous waste and may not move as a {status_en}",
        "按危险废物申报",
        "post it as hazardous waste",
    ),
    "operation": Words(
        "利用处置方式",
        "operation",
        "产生单位允许的方式（{allowed}）不含 {operation}",
        "the generator allows {allowed}, not {operation}",
        "允许方式增加 {operation}，即可送往 {receiver}",
        "allow operation {operation} as well to reach {receiver}",
    ),
    "hazardous_licence": Words(
        "危险废物经营许可证",
        "hazardous waste licence",
        "危险废物 {waste_code} 只能交给持危险废物经营许可证或符合豁免条件的单位，现为：{kind_zh}",
        "hazardous waste {waste_code} may only go to a hazardous waste licence or an exemption; "
        "this is: {kind_en}",
        "需要涵盖 {waste_kind} 的危险废物经营许可证",
        "a hazardous waste licence covering {waste_kind} is needed",
    ),
    "exemption_stage": Words(
        "豁免清单",
        "exemption list",
        "豁免管理清单未列 {waste_code} 的方式 {operation}",
        "the exemption list does not hold {waste_code} under operation {operation}",
        "需要涵盖 {waste_kind} 的危险废物经营许可证",
        "a hazardous waste licence covering {waste_kind} is needed",
    ),
    "point_to_point": Words(
        "点对点方案",
        "point-to-point scheme",
        "点对点定向利用方案未写明产生单位",
        "the point-to-point scheme names no sender",
        "{receiver} 的方案须写明产生单位",
        "the scheme of {receiver} must name its sender",
    ),
    "exemption_region": Words(
        "跨省豁免",
        "exemption across provinces",
        "{origin_zh}与{destination_zh}之间不互认该豁免",
        "the exemption is not recognised between {origin_en} and {destination_en}",
        "需要涵盖 {waste_kind} 的危险废物经营许可证",
        "a hazardous waste licence covering {waste_kind} is needed",
    ),
    "sender": Words(
        "列明的产生单位",
        "named senders",
        "资质只接收列明的单位，{organisation_zh}不在其中",
        "the entitlement names its senders, and {organisation_en} is not one of them",
        "将{organisation_zh}列入 {receiver} 的方案",
        "have {organisation_en} named in the scheme of {receiver}",
    ),
    "period": Words(
        "时间",
        "period",
        "可供期、接收期与计划期没有共同的日期，相差 {slack} 天",
        "the intervals of output, capacity and plan share no day; {slack} day(s) are missing",
        "时间衔接 {slack} 天即可送往 {receiver}",
        "shift the period by {slack} day(s) to reach {receiver}",
    ),
    "licence_validity": Words(
        "资质有效期",
        "entitlement validity",
        "资质 {licence_to} 到期，转移须覆盖至 {needed_to}",
        "the entitlement ends on {licence_to}; it must last to {needed_to}",
        "{receiver} 的资质延长 {slack} 天，或转移期提前 {slack} 天结束",
        "extend the entitlement of {receiver} by {slack} day(s), or end the shipping earlier",
    ),
    "composition": Words(
        "成分限值",
        "composition",
        "成分超出接收限值：{excesses_zh}",
        "composition outside the acceptance limits: {excesses_en}",
        "成分改善即可送往 {receiver}：{deviations_zh}",
        "bring the composition within the limits of {receiver}: off by {deviations_en}",
    ),
    "distance": Words(
        "距离上限",
        "distance limit",
        "运距 {distance_km} km 超过上限 {limit_km} km",
        "{distance_km} km is beyond the distance limit of {limit_km} km",
        "距离上限放宽 {slack} km 即可送往 {receiver}",
        "raise the distance limit by {slack} km to reach {receiver}",
    ),
    "too_dear": Words(
        "净成本上限",
        "net cost limit",
        "净成本 {cost} 元/吨高于上限 {cost_limit} 元/吨",
        "a net cost of {cost} CNY/t is above the limit of {cost_limit} CNY/t",
        "净成本上限提高 {slack} 元/吨即可送往 {receiver}",
        "raise the net cost limit by {slack} CNY/t to reach {receiver}",
    ),
    "hazardous_cross_province": Words(
        "危险废物跨省转移审批",
        "hazardous waste across provinces",
        "危险废物由{origin_zh}跨省转移至{destination_zh}，须先经移出地省级主管部门批准",
        "hazardous waste from {origin_en} to {destination_en} needs an approval of the province of origin",
    ),
    "general_record": Words(
        "一般固废跨省利用备案",
        "record for utilisation across provinces",
        "一般固体废物由{origin_zh}跨省至{destination_zh}利用，须先备案",
        "general waste from {origin_en} to be utilised in {destination_en} needs a record first",
    ),
    "general_approval": Words(
        "一般固废跨省贮存处置审批",
        "approval for storage or disposal across provinces",
        "一般固体废物由{origin_zh}跨省至{destination_zh}贮存、处置，须先经批准",
        "general waste from {origin_en} to storage or disposal in {destination_en} needs an approval first",
    ),
    "plan": Words(
        "危险废物管理计划",
        "hazardous waste management plan",
        "已备案的管理计划为 {plan_t} t，本批为 {mass_t} t，须先变更计划",
        "the filed management plan holds {plan_t} t of these {mass_t} t; it must be changed first",
    ),
    "assay": Words(
        "缺少检测",
        "missing assay",
        "缺少接收方限值对应的检测：{missing_zh}",
        "assays that the receiver limits are missing: {missing_en}",
    ),
    "exemption_evidence": Words(
        "豁免条件证明",
        "evidence for the exemption",
        "豁免条件须有证明：{exemption_zh}",
        "the conditions of the exemption need evidence: {exemption_en}",
    ),
    "lead_time": Words(
        "手续时间",
        "lead time",
        "手续最早 {earliest} 办结，转移期 {window_to} 已结束，差 {slack} 天",
        "procedures end on {earliest} at the earliest, the shipping window on {window_to}: "
        "{slack} day(s) too late",
        "转移期延长 {slack} 天即可在手续办结后送往 {receiver}",
        "extend the shipping window by {slack} day(s) to reach {receiver} after its procedures",
    ),
}
