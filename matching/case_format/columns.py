"""The one table of a case's sheets and columns: name, field, kind, who needs it, what people call it.

Reader, writer, friendly reading and `--help` all ask this table. Units stand in the column names; `field`
is the name inside `matching.case`. Aliases are written as `plain_header` leaves headers: no blanks, no unit.
"""

from __future__ import annotations

from collections.abc import Mapping

from matching.case_format.kinds import Column, Sheet

_ORGANISATION = (
    "单位名称",
    "企业名称",
    "产废单位",
    "产废企业",
    "公司名称",
    "产生单位",
    "组织",
    "企业",
    "公司",
    "company",
    "organization",
)
_LAT = ("纬度", "北纬", "latitude")
_LON = ("经度", "东经", "longitude", "lng", "long")
_REGION = ("行政区划代码", "行政区划", "区划代码", "所在地区", "所在区", "地区", "区县", "region", "adcode")
_FROM = ("可用起始日期", "起始日期", "开始日期", "开始时间", "起始时间", "from", "startdate", "start")
_TO = ("截止日期", "结束日期", "截止时间", "结束时间", "to", "enddate", "end")

_MASS = (
    *("待转移量", "拟转移量", "数量", "产生量", "产量", "重量", "质量", "贮存量", "库存量"),
    *("mass", "quantity", "amount", "weight", "tonnes"),
)

OUTPUTS = Sheet(
    "outputs",
    (
        Column(
            "output_id", "output_id", "id", ("编号", "批次号", "批次编号", "批次", "id", "lot"), required=True
        ),
        Column("organisation", "organisation", "text", _ORGANISATION),
        Column("lat", "lat_e7", "latitude", _LAT),
        Column("lon", "lon_e7", "longitude", _LON),
        Column("region_code", "region_code", "region", _REGION),
        Column(
            "waste_code",
            "waste_code",
            "code",
            ("废物代码", "固废代码", "固体废物代码", "危险废物代码", "危废代码", "废物编码", "代码", "code"),
            required=True,
        ),
        Column(
            "mass_t",
            "mass_kg",
            "mass",
            _MASS,
            required=True,
        ),
        Column("available_from", "available_from_day", "day", _FROM),
        Column("available_to", "available_to_day", "day", _TO),
        Column(
            "allowed_operations", "allowed_operations", "operations", ("允许利用处置方式", "利用处置方式")
        ),
        Column("max_distance_km", "max_distance_m", "distance", ("最大距离", "最大运距", "运距上限")),
        Column("max_net_cost_cny_per_t", "max_net_cost_ucny_per_kg", "money", ("最高净成本", "净成本上限")),
        Column("min_lot_t", "min_lot_kg", "mass", ("最小批量", "最小起运量")),
        Column("price_cny_per_t", "price_ucny_per_kg", "money", ("单价", "价格", "售价", "price")),
        Column(
            "storage_since", "storage_since_day", "day", ("贮存起始日期", "入库日期", "入库时间", "贮存时间")
        ),
        Column("status", "status", "status", ("状态", "属性")),
        Column("plan_mass_t", "plan_mass_kg", "mass", ("管理计划量", "计划转移量", "计划量")),
    ),
    ("产废", "产生", "固废", "危废", "废物", "台账", "waste"),
    {"assay_": "assays"},
)

FACILITIES = Sheet(
    "facilities",
    (
        Column("facility_id", "facility_id", "id", ("设施编号", "编号", "id"), required=True),
        Column(
            "organisation", "organisation", "text", ("设施名称", "经营单位", "利用处置单位", *_ORGANISATION)
        ),
        Column("lat", "lat_e7", "latitude", _LAT),
        Column("lon", "lon_e7", "longitude", _LON),
        Column("region_code", "region_code", "region", _REGION),
        Column("standing", "standing", "standing", ("信用状态",)),
    ),
    ("设施", "利用处置单位", "经营单位"),
)

CAPACITIES = Sheet(
    "capacities",
    (
        Column("capacity_id", "capacity_id", "id", ("能力编号", "编号", "id"), required=True),
        Column("facility_id", "facility_id", "id", ("设施编号", "所属设施", "facility"), required=True),
        Column("entitlement_kind", "entitlement_kind", "entitlement", ("资质类型", "许可类型")),
        Column("licence_no", "licence_no", "text", ("许可证编号", "许可证号", "经营许可证编号", "licence")),
        Column("licence_valid_to", "licence_valid_to_day", "day", ("许可证有效期", "有效期至", "有效期")),
        Column(
            "waste_pattern",
            "waste_pattern",
            "pattern",
            ("接收废物代码", "核准经营类别", "废物类别", "废物代码", "代码", "类别"),
            required=True,
        ),
        Column("operation", "operation", "operation", ("利用处置方式", "经营方式", "处置方式", "利用方式")),
        Column(
            "capacity_t",
            "capacity_kg",
            "mass",
            (
                "剩余能力",
                "可用能力",
                "核准规模",
                "核准经营规模",
                "年处理能力",
                "处理能力",
                "能力",
                "capacity",
            ),
            required=True,
        ),
        Column("available_from", "available_from_day", "day", _FROM),
        Column("available_to", "available_to_day", "day", _TO),
        Column(
            "gate_fee_cny_per_t",
            "gate_fee_ucny_per_kg",
            "money",
            ("处置费", "处理费", "收费", "单价", "价格"),
        ),
        Column("accepts_from", "accepts_from", "regions", ("可接收地区", "接收地区")),
        Column("whitelist_from", "whitelist_from", "regions", ("白名单地区",)),
        Column("ship_within_days", "ship_within_days", "days", ("转移时限",)),
        Column("senders", "senders", "names", ("定向产废单位", "产废单位")),
        Column("max_distance_km", "max_distance_m", "distance", ("最大距离", "最大运距", "运距上限")),
    ),
    ("能力", "经营能力", "capacity"),
    {"limit_min_": "limits_min", "limit_max_": "limits_max"},
)

CAPS = Sheet(
    "caps",
    (
        Column("cap_id", "cap_id", "id", ("限额编号", "编号", "id"), required=True),
        Column("capacity_id", "capacity_id", "id", ("能力编号",), required=True),
        Column("limit_t", "limit_kg", "mass", ("限额", "总量上限", "limit"), required=True),
        Column("origin_region", "origin_region", "region", ("移出地", "来源地区")),
    ),
    ("限额", "总量"),
)

LANES = Sheet(
    "lanes",
    (
        Column("output_id", "output_id", "id", ("批次编号", "编号"), required=True),
        Column("capacity_id", "capacity_id", "id", ("能力编号",), required=True),
        Column("distance_km", "distance_m", "distance", ("运距", "距离", "distance")),
        Column("cost_cny_per_t", "cost_ucny_per_kg", "money", ("运费", "运输费", "运价", "cost")),
        Column("limit_t", "limit_kg", "mass", ("限额", "上限", "limit")),
    ),
    ("线路", "运输"),
)

PROPOSALS = Sheet(
    "proposals",
    (
        Column("output_id", "output_id", "id", ("批次编号", "编号"), required=True),
        Column("capacity_id", "capacity_id", "id", ("能力编号",), required=True),
    ),
    ("建议", "proposal"),
)

PARAMETERS = Sheet(
    "parameters",
    (
        Column("name", "name", "id", ("参数", "参数名", "名称"), required=True),
        Column("value", "value", "text", ("值", "数值", "取值"), required=True),
    ),
    ("参数",),
)

SHEETS: Mapping[str, Sheet] = {
    sheet.name: sheet for sheet in (OUTPUTS, FACILITIES, CAPACITIES, CAPS, LANES, PROPOSALS, PARAMETERS)
}

PARAMETER_ROWS: tuple[Column, ...] = (
    Column("as_of", "as_of_day", "day"),
    Column("period_from", "period_from_day", "day"),
    Column("period_to", "period_to_day", "day"),
    Column("transport_cny_per_t_km", "transport_ucny_per_kg_km", "factor"),
    Column("detour", "detour_permille", "detour"),
    Column("carbon_price_cny_per_t", "carbon_price_ucny_per_kg_co2e", "factor"),
    Column("emission_kg_per_t_km", "emission_mg_per_kg_km", "factor"),
    Column("max_distance_km", "max_distance_m", "distance"),
    Column("only_lanes", "only_lanes", "flag"),
)
