"""Organisations and the sites where they produce or take waste."""

from __future__ import annotations

import math
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship
from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, ValidationError

from circularity.audit import Actor, record
from circularity.columns import between, new_public_id, one_of
from circularity.database import STRICT, Base
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.geography import DATUMS, inside_delta, looks_swapped, wgs84

ROLES = ("generator", "facility", "carrier", "authority", "coordinator")

DEGREES_E7 = 10_000_000
"""Coordinates are stored as whole 1e-7 degrees, about 1 cm."""

_CHINA = (18.0, 54.0, 73.0, 136.0)
"""South, north, west, east of a box around China's mainland and Hainan, in degrees."""


class Organisation(Base):
    """A legal person by its unified social credit code, with the roles it plays here.

    `credit_code_doubtful`: the code is well formed and fails its check digit, as a few real ones do.
    `fictional` marks a demo party; its sites, outputs and facilities are fictional with it.
    """

    __tablename__ = "organisations"
    __table_args__ = (
        CheckConstraint("length(credit_code) = 18", name="credit_code_length"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    credit_code: Mapped[str] = mapped_column(unique=True)
    credit_code_doubtful: Mapped[bool]
    roles: Mapped[tuple[str, ...]]
    region_code: Mapped[str]
    fictional: Mapped[bool]
    registered_at: Mapped[datetime]

    sites: Mapped[list[Site]] = relationship(back_populates="organisation", order_by="Site.id")


class Site(Base):
    """A place of one organisation, in WGS-84; `datum` says in which datum it was given.

    `outside_delta` warns: the place lies in China and outside the four provinces.
    """

    __tablename__ = "sites"
    __table_args__ = (
        between("lat_e7", -90 * DEGREES_E7, 90 * DEGREES_E7),
        between("lon_e7", -180 * DEGREES_E7, 180 * DEGREES_E7),
        one_of("datum", DATUMS),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    lat_e7: Mapped[int]
    lon_e7: Mapped[int]
    datum: Mapped[str]
    region_code: Mapped[str]
    outside_delta: Mapped[bool]
    registered_at: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship(back_populates="sites", lazy="joined", innerjoin=True)

    @property
    def latitude(self) -> float:
        """Latitude in degrees, WGS-84."""
        return self.lat_e7 / DEGREES_E7

    @property
    def longitude(self) -> float:
        """Longitude in degrees, WGS-84."""
        return self.lon_e7 / DEGREES_E7


def register_organisation(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    name_zh: str,
    name_en: str,
    credit_code: str,
    roles: frozenset[str],
    region_code: str,
    fictional: bool = False,
) -> Organisation:
    """Add an organisation. `region_code` has 2 to 6 digits; `roles` are among ROLES, at least one.

    Raises BadInput for malformed values; RuleBroken `credit_code_taken` for a code registered already.
    """
    checks = Checks("organisation")
    code, doubtful = _credit_code(checks, credit_code)
    if not roles:
        checks.refuse("roles", "empty", roles, "至少需要一种角色", "at least one role is needed")
    values = {
        "name_zh": checks.text("name_zh", name_zh),
        "name_en": checks.text("name_en", name_en, required=False),
        "credit_code": code,
        "credit_code_doubtful": doubtful,
        "roles": tuple(sorted(checks.word("roles", role, ROLES) for role in roles)),
        "region_code": checks.region("region_code", region_code),
        "fictional": fictional,
    }
    checks.finish()
    if session.scalar(select(Organisation.id).where(Organisation.credit_code == code)) is not None:
        zh, en = f"统一社会信用代码 {code} 已登记", f"the credit code {code} is registered already"
        raise RuleBroken("credit_code_taken", zh, en, field="credit_code")
    organisation = Organisation(public_id=new_public_id(), registered_at=at, **values)
    session.add(organisation)
    record(session, actor, at, "organisation.registered", organisation, values)
    return organisation


def add_site(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    organisation: Organisation,
    name_zh: str,
    name_en: str,
    lat: float | Decimal,
    lon: float | Decimal,
    region_code: str,
    datum: str = "wgs84",
) -> Site:
    """Add a place of an organisation, given in degrees of `datum` and stored in WGS-84.

    Raises BadInput for malformed values, swapped coordinates and a place outside China; a place outside
    the Delta is stored with `outside_delta` set.
    """
    checks = Checks("site")
    checks.word("datum", datum, DATUMS)
    latitude, longitude = _place(checks, float(lat), float(lon), datum)
    values = {
        "organisation": organisation,
        "name_zh": checks.text("name_zh", name_zh),
        "name_en": checks.text("name_en", name_en, required=False),
        "lat_e7": round(latitude * DEGREES_E7),
        "lon_e7": round(longitude * DEGREES_E7),
        "datum": datum,
        "region_code": checks.region("region_code", region_code),
        "outside_delta": not inside_delta(latitude, longitude),
    }
    checks.finish()
    site = Site(public_id=new_public_id(), registered_at=at, **values)
    session.add(site)
    record(session, actor, at, "site.added", site, values)
    return site


def _credit_code(checks: Checks, text: str) -> tuple[str, bool]:
    """Return the compact code and whether its check digit fails."""
    code = uscc.compact(text)
    try:
        return uscc.validate(code), False
    except InvalidChecksum:
        return code, True
    except ValidationError:
        zh = "统一社会信用代码应为 18 位，前 8 位为数字，其余不含 I、O、S、V、Z"
        en = "a credit code has 18 characters, 8 digits first, and none of I, O, S, V, Z"
        checks.refuse("credit_code", "malformed_credit_code", text, zh, en)
        return code, False


def _place(checks: Checks, lat: float, lon: float, datum: str) -> tuple[float, float]:
    """Return the point in WGS-84, or (0, 0) with the problem noted."""
    if not (math.isfinite(lat) and math.isfinite(lon)):
        checks.refuse("lat", "not_a_number", f"{lat}, {lon}", "经纬度不是数字", "coordinates are no numbers")
        return 0.0, 0.0
    if looks_swapped(lat, lon):
        zh, en = "经度和纬度似乎颠倒了", "latitude and longitude seem to be swapped"
        checks.refuse("lat", "swapped_coordinates", f"{lat}, {lon}", zh, en)
        return 0.0, 0.0
    south, north, west, east = _CHINA
    if not (south <= lat <= north and west <= lon <= east):
        zh, en = "坐标不在中国境内", "the point lies outside China"
        checks.refuse("lat", "outside_china", f"{lat}, {lon}", zh, en)
        return 0.0, 0.0
    return wgs84(lat, lon, datum) if datum in DATUMS else (lat, lon)
