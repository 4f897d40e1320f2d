"""What a weighbridge exports comes in as it is: Chinese headers, GB18030, kg or tonnes, sent twice or not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from deal_rows import Deal, deal
from openpyxl import Workbook
from registry import AT, FLY_ASH, Registry, T
from sqlalchemy import select

from circularity.custody.cleared_weighings import clear_weighings
from circularity.custody.manifests import Transfer
from circularity.custody.metered import received_total_kg, sent_total_kg
from circularity.custody.seals import verify_signatures
from circularity.custody.sheets import Imported, Weighing, add_reading, add_tickets
from circularity.custody.transfers import cancel
from circularity.custody.weighbridge import add_export, read_weighbridge
from circularity.custody.weighings import MeterReading
from circularity.errors import BadInput, RuleBroken
from circularity.ledger.balances import faults, trial_balance

AUGUST = (date(2026, 8, 1), date(2026, 8, 31))
HEADER = "序号,车号,毛重,皮重,净重,时间,磅单号"


@pytest.fixture
def ash(registry: Registry) -> Deal:
    return deal(registry, tonnes=200_000)


@pytest.fixture
def month(ash: Deal) -> Transfer:
    return ash.draft(metering="sheet", day=AUGUST[0], day_to=AUGUST[1])


def _csv(path: Path, *lines: str, encoding: str = "gb18030") -> Path:
    path.write_bytes("\r\n".join(lines).encode(encoding))
    return path


def imported(ash: Deal, month: Transfer, file: Path) -> Imported:
    """Read an export and add it for the sender."""
    facts = {"found": read_weighbridge(file), "source": file.name, "line": 1, "side": "sender"}
    return add_export(**ash.act, transfer=month, **facts)  # type: ignore[arg-type]  # wrong, or unpacked, on purpose


def test_an_export_in_gb18030_is_read_with_title_sum_and_times_of_the_delta(tmp_path: Path) -> None:
    file = _csv(
        tmp_path / "磅单.csv",
        "八月过磅明细,,,,,,",
        HEADER,
        "1,沪A12345,49860,16200,33660,2026-08-03 08:05:00,BD0001",
        "2,沪B67890,48000,16000,32000,2026/8/3 23:59,BD0002",
        "合计,,97860,32200,65660,,",
    )
    rows, problems = read_weighbridge(file)
    assert problems == []
    assert [(row.plate, row.gross_kg - row.tare_kg) for row in rows] == [
        ("沪A12345", 33660),
        ("沪B67890", 32000),
    ]
    assert rows[0].weighed_at.astimezone(UTC) == datetime(2026, 8, 3, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "weights", "net_kg"),
    [
        ("车号,毛重（吨）,皮重(吨),净重 / t,时间,磅单号", "49.86,16.2,33.66", 33660),
        ("车号,毛重(kg),皮重(kg),净重(kg),时间,磅单号", "49860,16200,33660", 33660),
        ("车号,毛重,皮重,净重,时间,磅单号", "49.86,16.2,33.66", 33660),
        ("车号,毛重,皮重,净重,时间,磅单号", "49860,16200,33660", 33660),
    ],
)
def test_kilograms_and_tonnes_are_told_apart(tmp_path: Path, header: str, weights: str, net_kg: int) -> None:
    file = _csv(tmp_path / "a.csv", header, f"沪A1,{weights},2026-08-03 08:05:00,1")
    rows, problems = read_weighbridge(file)
    assert ([row.gross_kg - row.tare_kg for row in rows], problems) == ([net_kg], [])


def test_a_unit_that_could_be_either_is_refused_and_not_guessed(tmp_path: Path) -> None:
    lines = ["沪A1,49.86,16.2,33.66,2026-08-03 08:05:00,1", "沪A1,49860,16200,33660,2026-08-03 09:05:00,2"]
    with pytest.raises(BadInput) as refused:
        read_weighbridge(_csv(tmp_path / "a.csv", "车号,毛重,皮重,净重,时间,磅单号", *lines))
    assert refused.value.problems[0].rule == "unit_unclear"


def test_a_file_without_the_columns_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        read_weighbridge(_csv(tmp_path / "a.csv", "车号,重量", "沪A1,5"))
    assert refused.value.problems[0].rule == "no_header"


def test_a_workbook_reads_like_a_csv(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["车牌号", "毛重(吨)", "皮重(吨)", "净重(吨)", "过磅时间", "磅单号"])  # type: ignore[union-attr]  # None fails the test
    book.active.append(["沪A1", 49.86, 16.2, 33.66, datetime(2026, 8, 3, 8, 5), 100123])  # type: ignore[union-attr]  # None fails the test
    book.save(tmp_path / "a.xlsx")
    rows, problems = read_weighbridge(tmp_path / "a.xlsx")
    assert problems == []
    assert (rows[0].ticket_no, rows[0].gross_kg) == ("100123", 49860)


def test_rows_that_cannot_be_taken_are_told_and_the_others_are_in(
    ash: Deal, month: Transfer, tmp_path: Path
) -> None:
    file = _csv(
        tmp_path / "a.csv",
        HEADER,
        "1,沪A1,49860,16200,33660,2026-08-03 08:05:00,1",
        "2,沪A1,49860,16200,33661,2026-08-03 09:05:00,2",
        "3,沪A1,16200,49860,,2026-08-03 10:05:00,3",
        "4,沪A1,49860,16200,33660,三号早上,4",
        "5,沪A1,49860,16200,33660,2026-09-01 00:00:00,5",
        "6,沪A1,49860.5,16200,33660,2026-08-03 11:05:00,6",
        "7,,49860,16200,33660,2026-08-03 12:05:00,7",
        "8,沪A1,40000,16200,23800,2026-08-03 08:05:00,1",
    )
    done = imported(ash, month, file)
    assert (done.added, done.ignored) == (1, 0)
    assert [(problem.row, problem.rule) for problem in done.problems] == [
        (3, "net_differs"),
        (4, "no_net"),
        (5, "no_moment"),
        (6, "outside_period"),
        (7, "too_precise"),
        (8, "no_ticket"),
        (9, "other_weights"),
    ]


def test_a_month_of_5000_tickets_closes_with_two_signatures(
    ash: Deal, month: Transfer, tmp_path: Path
) -> None:
    session, line = ash.registry.session, month.lines[0]
    start = datetime(2026, 8, 1, 6, 0)
    nets = [32_800 + n % 700 for n in range(5000)]
    lines = [
        f"{n},沪A{n % 40:05d},{16_200 + net},16200,{net},{start + timedelta(minutes=8 * n)},BD{n:06d}"
        for n, net in enumerate(nets)
    ]
    file = _csv(tmp_path / "八月.csv", HEADER, *lines)
    first = imported(ash, month, file)
    again = imported(ash, month, file)
    assert (first.added, first.ignored, again.added, again.ignored) == (5000, 0, 0, 5000)
    total_kg = sum(nets)
    assert sent_total_kg(session, line) == total_kg
    ash.sign(month, "sender")
    assert (month.status, line.sent_kg, ash.agreement.shipped_kg) == ("submitted", total_kg, total_kg)
    assert trial_balance(session) == {"generated": -total_kg, "on_site": 0, "in_transit": total_kg}
    ash.sign(month, "receiver")
    assert [s.signer for s in month.signatures] == ["sender", "receiver"]
    assert month.signatures[0].document["lines"][0]["weighings"]["count"] == 5000
    assert (verify_signatures(month), faults(session)) == ([], [])


def test_after_the_senders_signature_only_the_receiver_adds(ash: Deal, month: Transfer) -> None:
    rows = [Weighing("1", "沪A1", datetime(2026, 8, 3, tzinfo=UTC), 49_860, 16_200)]
    add_tickets(**ash.act, transfer=month, rows=rows)
    ash.sign(month, "sender")
    with pytest.raises(RuleBroken) as refused:
        add_tickets(**ash.act, transfer=month, rows=rows)
    assert refused.value.code == "already_signed"
    theirs = [Weighing("9", "沪A1", datetime(2026, 8, 3, 1, tzinfo=UTC), 49_800, 16_200)]
    add_tickets(**ash.act, transfer=month, rows=theirs, side="receiver")
    session, line = ash.registry.session, month.lines[0]
    assert (sent_total_kg(session, line), received_total_kg(session, line)) == (33_660, 33_600)
    assert verify_signatures(month) == []


def test_one_weighing_counts_once_even_on_two_sheets(ash: Deal, month: Transfer) -> None:
    rows = [Weighing("1", "沪A1", datetime(2026, 8, 3, tzinfo=UTC), 49_860, 16_200)]
    other = ash.draft(metering="sheet", day=AUGUST[0], day_to=AUGUST[1])
    assert add_tickets(**ash.act, transfer=month, rows=rows).added == 1
    done = add_tickets(**ash.act, transfer=other, rows=rows)
    assert (done.added, done.ignored) == (0, 1)


def test_a_sheet_is_not_signed_before_its_days_are_over_or_without_any_weighing(ash: Deal) -> None:
    for day, code in ((AT.date() + timedelta(days=1), "period_not_over"), (AUGUST[1], "nothing_weighed")):
        sheet = ash.draft(metering="sheet", day=day)
        with pytest.raises(RuleBroken) as refused:
            ash.sign(sheet, "sender")
        assert refused.value.code == code


def test_a_barges_draught_survey_is_its_weight(ash: Deal) -> None:
    barge = ash.draft(metering="draught", conveyance="barge", vehicle="皖货0001", day=AUGUST[0])
    found = {"draught_before_mm": 1200, "draught_after_mm": 2900, "water_kg_per_m3": 1000}
    reading = {"kind": "draught", "meter": "皖货0001", "read_at": datetime(2026, 8, 1, 3, tzinfo=UTC)}
    add = {**ash.act, "transfer": barge, **reading, "figures": found}
    assert add_reading(**add, mass_kg=812 * T)
    assert not add_reading(**add, mass_kg=812 * T)
    with pytest.raises(RuleBroken) as refused:
        add_reading(**add, mass_kg=813 * T)
    assert refused.value.code == "other_reading"
    ash.sign(barge, "sender")
    assert (barge.lines[0].waste_code, barge.lines[0].sent_kg) == (FLY_ASH, 812 * T)


def test_a_meter_tells_what_it_showed_and_a_counter_comes_to_the_mass(ash: Deal) -> None:
    belt = ash.draft(metering="conveyor", conveyance="conveyor", vehicle="", day=AUGUST[0])
    reading = {"kind": "conveyor", "meter": "BW-1", "read_at": datetime(2026, 8, 1, 3, tzinfo=UTC)}
    add = {**ash.act, "transfer": belt, **reading, "mass_kg": 812_400}
    for figures, rule in (
        ({"counter_before_t": 1000}, "not_a_number"),  # the other one is missing
        ({"counter_before_t": 1000, "counter_after_t": 1811}, "counter_differs"),  # 811 t, not 812.4
        ({"counter_before_t": 1000, "counter_after_t": 1812, "draught_after_mm": 5}, "unknown_figure"),
    ):
        with pytest.raises(BadInput) as refused:
            add_reading(**add, figures=figures)
        assert [problem.rule for problem in refused.value.problems] == [rule]
    shown = {"counter_before_t": 1000, "counter_after_t": 1812}
    assert add_reading(**add, figures=shown)
    (kept,) = ash.registry.session.scalars(select(MeterReading))
    assert (kept.mass_kg, kept.figures) == (812_400, shown)


GROSS_FIRST = "49860,16200,33660"
EIGHT, HALF_PAST = "2026-08-03 08:05:00", "2026-08-03 08:31:12"


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (
            "序号,磅单编号,车牌号码,货物名称,毛重(kg),皮重(kg),净重(kg),毛重时间,皮重时间,司磅员",
            f'1,BD1,沪A1,水渣,"49,860","16,200","33,660",{EIGHT},{HALF_PAST},张三',
        ),
        (
            "流水号,车号,货名,毛重,皮重,净重,一次过磅时间,二次过磅时间",
            f"BD1,沪A1,水渣,{GROSS_FIRST},{EIGHT},{HALF_PAST}",
        ),
        ("单据号,车号,毛重(t),皮重(t),净重(t),日期,时间", "BD1,沪A1,49.86,16.2,33.66,2026/08/03,8:31:12"),
        (
            "单据号,车号,毛重kg,皮重kg,净重kg,日期,时间",
            f"BD1,沪A1,{GROSS_FIRST},2026-08-03 00:00:00,08:31:12",
        ),
        ("榜单号,车牌,毛重(公斤),皮重(公斤),出厂时间", f'="BD1",沪A1,49860,16200,\t{HALF_PAST}'),
        ("Ticket No.,Plate,Gross (kg),Tare (kg),Net (kg),Time", f"BD1,沪A1,{GROSS_FIRST},{HALF_PAST}"),
    ],
)
def test_exports_of_many_makers_of_bridges_say_the_same_weighing(
    tmp_path: Path, header: str, row: str
) -> None:
    """A ticket is done with its second weighing, whatever its maker calls it."""
    rows, problems = read_weighbridge(_csv(tmp_path / "a.csv", header, row))
    assert problems == []
    assert [(r.ticket_no, r.plate, r.gross_kg, r.tare_kg, r.weighed_at.isoformat()) for r in rows] == [
        ("BD1", "沪A1", 49_860, 16_200, "2026-08-03T08:31:12+08:00")
    ]


def test_what_the_buyer_deducts_does_not_change_the_mass_that_moved(tmp_path: Path) -> None:
    header = "磅单号,车号,毛重(kg),皮重(kg),扣杂(kg),净重(kg),过磅时间"
    lines = [
        f"1,沪A1,49860,16200,160,33500,{EIGHT}",
        f"2,沪A1,49860,16200,160,33660,{HALF_PAST}",
        f"3,沪A1,49860,16200,160,33000,{HALF_PAST}",
    ]
    rows, problems = read_weighbridge(_csv(tmp_path / "a.csv", header, *lines))
    assert [row.gross_kg - row.tare_kg for row in rows] == [33_660, 33_660]
    assert [(problem.row, problem.rule) for problem in problems] == [(4, "net_differs")]


def test_a_comma_in_tonnes_could_be_a_decimal_one_and_is_refused(tmp_path: Path) -> None:
    lines = [f'1,沪A1,"49,860","16,200",{EIGHT}']
    _, problems = read_weighbridge(_csv(tmp_path / "a.csv", "磅单号,车号,毛重(吨),皮重(吨),时间", *lines))
    assert [(problem.column, problem.rule) for problem in problems] == [("gross", "not_a_number")]
    rows, _ = read_weighbridge(_csv(tmp_path / "b.csv", "磅单号,车号,毛重,皮重,时间", *lines))
    assert rows[0].gross_kg == 49_860, "without a unit no vehicle weighs 49,860 t"


MIXED = (
    "磅单号,车号,货名,收货单位,毛重(kg),皮重(kg),时间",
    f"1,沪A1,水渣,甲微粉,49860,16200,{EIGHT}",
    f"2,沪A2,钢渣,甲微粉,49860,16200,{EIGHT}",
    f"3,沪A3,水渣,乙建材,49860,16200,{EIGHT}",
)


def test_a_file_of_several_deals_is_refused_until_words_choose_one(tmp_path: Path) -> None:
    file = _csv(tmp_path / "a.csv", *MIXED)
    with pytest.raises(BadInput) as refused:
        read_weighbridge(file)
    assert (refused.value.problems[0].rule, refused.value.problems[0].found) == (
        "several_deals",
        "水渣、钢渣",
    )
    rows, problems = read_weighbridge(file, only="甲微粉 水渣")
    assert ([row.ticket_no for row in rows], problems) == (["1"], [])
    with pytest.raises(BadInput) as refused:
        read_weighbridge(file, only="粉煤灰")
    assert refused.value.problems[0].rule == "none_chosen"


def test_a_discarded_draft_gives_its_tickets_free_for_the_right_one(
    ash: Deal, month: Transfer, tmp_path: Path
) -> None:
    """A ticket is known once; kept by a draft that nobody signed, it would be taken nowhere else."""
    file = _csv(tmp_path / "a.csv", HEADER, "1,沪A1,49860,16200,33660,2026-08-03 08:05:00,1")
    assert imported(ash, month, file).added == 1
    right = ash.draft(metering="sheet", day=AUGUST[0], day_to=AUGUST[1])
    elsewhere = imported(ash, right, file)
    assert (elsewhere.added, elsewhere.ignored) == (0, 1)
    assert elsewhere.repeated == ((2, "1", month.number),), "where it counts is told"
    assert imported(ash, month, file).repeated == ((2, "1", ""),)
    cancel(**ash.act, transfer=month, reason="录错协议")
    assert imported(ash, right, file).added == 1
    assert sent_total_kg(ash.registry.session, right.lines[0]) == 33_660
    assert sent_total_kg(ash.registry.session, month.lines[0]) == 0


def test_a_side_takes_a_wrong_file_out_again_until_it_signs(
    ash: Deal, month: Transfer, tmp_path: Path
) -> None:
    session, line = ash.registry.session, month.lines[0]
    file = _csv(tmp_path / "a.csv", HEADER, "1,沪A1,49860,16200,33660,2026-08-03 08:05:00,1")
    imported(ash, month, file)
    moment = datetime(2026, 8, 3, 9, 0, tzinfo=UTC)
    theirs = [Weighing("R1", "沪A1", moment, 49_800, 16_200)]
    add_tickets(**ash.act, transfer=month, rows=theirs, side="receiver")
    assert clear_weighings(**ash.act, transfer=month, side="sender") == 1
    assert (sent_total_kg(session, line), received_total_kg(session, line)) == (0, 33_600)
    imported(ash, month, file)
    ash.sign(month, "sender")
    with pytest.raises(RuleBroken) as refused:
        clear_weighings(**ash.act, transfer=month, side="sender")
    assert refused.value.code == "already_signed"
    assert clear_weighings(**ash.act, transfer=month, side="receiver") == 1
    assert verify_signatures(month) == []
    with pytest.raises(BadInput):
        clear_weighings(**ash.act, transfer=month, side="carrier")
