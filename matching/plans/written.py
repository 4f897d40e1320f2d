"""A written plan as read back: the bytes of its files, its certificate, and the case as it was read then."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from matching.case import Case
from matching.case_format.files import read_case
from matching.plans.certificate import FORMAT

FILES = ("plan.csv", "unmatched.csv", "prices.csv", "summary.json", "NOTICE.txt")


class UnreadablePlanError(ValueError):
    """The plan folder cannot be read at all; the message names the file."""


@dataclass(frozen=True)
class Written:
    """A plan folder as read: its files and its certificate."""

    files: dict[str, bytes]
    certificate: dict[str, Any]
    certificate_bytes: bytes


def read_written_plan(directory: Path) -> Written:
    """Return a plan folder as it lies there; raises UnreadablePlanError where it is none."""
    try:
        files = {name: (directory / name).read_bytes() for name in FILES}
        content = (directory / "certificate.json").read_bytes()
        certificate = json.loads(content)
    except OSError as error:
        raise UnreadablePlanError(f"{error.filename}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UnreadablePlanError(f"{directory / 'certificate.json'}: no JSON") from error
    keys = ("format", "case_digest", "levels", "potentials", "certificate_digest")
    if not isinstance(certificate, dict) or any(key not in certificate for key in keys):
        raise UnreadablePlanError(f"{directory / 'certificate.json'}: no certificate")
    if not all(isinstance(certificate.get(key), dict) for key in ("reading", "files")):
        raise UnreadablePlanError(f"{directory / 'certificate.json'}: no certificate")
    if certificate["format"] != FORMAT:
        raise UnreadablePlanError(f"{directory / 'certificate.json'}: unknown format {certificate['format']}")
    return Written(files, certificate, content)


def case_as_read(case_path: Path, certificate: dict[str, Any]) -> Case:
    """Return the case under the options with which the plan's writer read it.

    Raises UnreadablePlanError for missing options and BadInput for a case that cannot be read.
    """
    reading = certificate["reading"]
    try:
        as_of = date.fromisoformat(reading["as_of"])
        friendly, only_lanes = bool(reading["friendly"]), bool(reading["only_lanes"])
        max_distance_m = None if reading["max_distance_m"] is None else whole(reading["max_distance_m"])
        named = reading.get("facilities_from")
        facilities_from = _found_beside(case_path, Path(named)) if named else None
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadablePlanError(f"certificate.json: reading options are incomplete: {error}") from error
    return read_case(
        case_path,
        friendly=friendly,
        only_lanes=only_lanes,
        max_distance_m=max_distance_m,
        as_of=as_of,
        facilities_from=facilities_from,
    ).case


def _found_beside(case_path: Path, named: Path) -> Path:
    """Return the other case as it was named; where it is not there, the one of that name beside the case."""
    beside = case_path.parent / named.name
    return beside if not named.exists() and beside.exists() else named


def whole(value: object) -> int:
    """Return a whole number of JSON, which a true or a 1.0 is not; raises ValueError."""
    if type(value) is not int:
        raise ValueError(f"{value} is no whole number")
    return value
