"""Unified social credit codes for parties that do not exist: valid in both check digits, plain to see as DEM.

The registering department and kind are those of a company (91), the organisation code begins with DEM, which
no register issues; `DEM0` is for the named parties of `data/`, the rest for generated ones.
"""

from __future__ import annotations

from stdnum.cn import uscc

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_PARTIES_PER_SEED = 100_000
_FIRST_GENERATED = 31**4
_SEEDS = (31**5 - _FIRST_GENERATED) // _PARTIES_PER_SEED
_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def demo_credit_code(region_code: str, random_seed: int, number: int) -> str:
    """Return the code of the `number`-th party of one seed number; different for different numbers.

    Raises ValueError for a party number of 100,000 or more, or a seed number of 277 or more.
    """
    if not (0 <= number < _PARTIES_PER_SEED and 0 <= random_seed < _SEEDS):
        raise ValueError(f"seed numbers go from 0 to {_SEEDS - 1}, parties to {_PARTIES_PER_SEED - 1}")
    serial = _FIRST_GENERATED + random_seed * _PARTIES_PER_SEED + number
    digits = ""
    for _ in range(5):
        serial, rest = divmod(serial, 31)
        digits = _ALPHABET[rest] + digits
    organisation = f"DEM{digits}"
    body = f"91{region_code}{organisation}{_organisation_check(organisation)}"
    return body + str(uscc.calc_check_digit(body))


def _organisation_check(code: str) -> str:
    """Return the check character of an organisation code (GB 11714: letters count from A = 10)."""
    total = sum(int(character, 36) * weight for character, weight in zip(code, _WEIGHTS, strict=True))
    return "0X987654321"[total % 11]
