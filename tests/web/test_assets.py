"""Browser libraries: pinned, from our own origin, copied from a folder where there is no registry."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from web.base_map import AROUND, BOX, write_base_map
from web.vendor import BASE_MAP, FILES, AssetsUnavailable, collect, is_current, npm_command, vendor_folder

ROOT = Path(__file__).resolve().parents[2]


def a_root(folder: Path) -> Path:
    """Return a folder that has all that decides what the vendor folder holds, and no vendor folder."""
    (folder / "web").mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "web/vendor.py", "web/base_map.py"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def a_ready_folder(folder: Path) -> Path:
    """Return a vendor folder as somebody might have brought it on a stick."""
    for package, names in FILES.items():
        for name in names:
            target = folder / package / name.removeprefix("dist/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(name)
    (folder / BASE_MAP).write_text("{}")
    return folder


def test_the_lock_pins_every_package_by_content_and_names_no_address() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert not [name for name, entry in packages.items() if "resolved" in entry]
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    assert set(wanted) == set(FILES)
    assert all(version[0].isdigit() for version in wanted.values())


def test_a_ready_folder_takes_the_place_of_the_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = a_root(tmp_path / "root")
    monkeypatch.setenv("CIRC_ASSETS_DIR", str(a_ready_folder(tmp_path / "stick")))
    assert not is_current(root)
    assert (collect(root) / "leaflet" / "leaflet.js").read_text() == "dist/leaflet.js"
    assert is_current(root)


def test_a_folder_that_is_up_to_date_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = a_root(tmp_path / "root")
    monkeypatch.setenv("CIRC_ASSETS_DIR", str(a_ready_folder(tmp_path / "stick")))
    collect(root)
    monkeypatch.setenv("CIRC_ASSETS_DIR", str(tmp_path / "gone"))
    assert collect(root) == vendor_folder(root)


def test_a_changed_lock_makes_the_folder_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = a_root(tmp_path / "root")
    monkeypatch.setenv("CIRC_ASSETS_DIR", str(a_ready_folder(tmp_path / "stick")))
    collect(root)
    (root / "package-lock.json").write_text("{}")
    assert not is_current(root)


def test_a_ready_folder_that_lacks_a_file_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = a_ready_folder(tmp_path / "stick")
    (ready / "echarts" / "echarts.min.js").unlink()
    monkeypatch.setenv("CIRC_ASSETS_DIR", str(ready))
    root = a_root(tmp_path / "root")
    with pytest.raises(AssetsUnavailable, match=r"lacks echarts/echarts\.min\.js"):
        collect(root)
    assert not vendor_folder(root).exists()


def test_without_node_the_message_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CIRC_ASSETS_DIR", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert npm_command() is None
    with pytest.raises(AssetsUnavailable, match=r"no Node\.js.*CIRC_ASSETS_DIR"):
        collect(a_root(tmp_path / "root"))


def square(west: float, south: float, size: float) -> list[list[float]]:
    east, north = west + size, south + size
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def outlines(*codes: str) -> dict[str, object]:
    """Return provinces as squares of 1° in a row, each touching the next."""
    return {
        "features": [
            {
                "properties": {"id": code},
                "geometry": {"type": "Polygon", "coordinates": [square(110 + n, 30, 1)]},
            }
            for n, code in enumerate(codes)
        ]
    }


DELTA_AND_AROUND = ("31", "32", "33", "34", *sorted(AROUND))


def test_borders_are_what_two_provinces_share_and_the_sea_leaves_the_land_bare(tmp_path: Path) -> None:
    (tmp_path / "china.json").write_text(json.dumps(outlines(*DELTA_AND_AROUND)))
    # Land: one ring from (0, 0) in steps of 1/10°, reaching beyond the box in the west.
    arcs = [[[1000, 300], [200, 0], [0, 20], [-200, 0], [0, -20]]]
    land = {
        "transform": {"scale": [0.1, 0.1], "translate": [0, 0]},
        "arcs": arcs,
        "objects": {"land": {"geometries": [{"type": "Polygon", "arcs": [[0]]}]}},
    }
    (tmp_path / "land.json").write_text(json.dumps(land))
    write_base_map(
        provinces=tmp_path / "china.json", land=tmp_path / "land.json", target=tmp_path / "delta.json"
    )
    base = json.loads((tmp_path / "delta.json").read_text())
    lines = base["borders"]["coordinates"]
    # 31|32, 32|33, 33|34, 34|12: four shared sides, drawn once each; the outer sides are coast.
    assert sorted(line[0][0] for line in lines) == [111, 112, 113, 114]
    frame, hole = base["sea"]["coordinates"]
    assert frame[0] == [BOX[0], BOX[1]]
    assert min(x for x, _ in hole) == BOX[0]  # cut at the box
    assert max(x for x, _ in hole) == 120
    assert set(base["provinces"]) == {"31", "32", "33", "34"}


def test_outlines_that_lack_a_province_are_refused(tmp_path: Path) -> None:
    (tmp_path / "china.json").write_text(json.dumps(outlines("31", "32")))
    (tmp_path / "land.json").write_text("{}")
    with pytest.raises(ValueError, match="lack"):
        write_base_map(
            provinces=tmp_path / "china.json", land=tmp_path / "land.json", target=tmp_path / "d.json"
        )
