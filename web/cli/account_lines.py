"""The accounts of a demonstration as text for a terminal: made once, printed once."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from sqlalchemy import Engine

from circularity.accounts.people import checked_hash
from circularity.database import writing
from seed.accounts import make_accounts

MADE_BEFORE = (
    "演示账户已建立，口令只在建立时显示过；新建请换 --database · "
    "the demo accounts are there already and their "
    "password was shown when they were made; name a new --database for others, or CIRC_ACCOUNTS=off for none"
)
ONCE = "演示账户，口令只显示这一次 · demo accounts, the password is shown only now:"
CODES = "恢复码（各用一次）· recovery codes, each good once:"


def account_lines(engine: Engine) -> list[str]:
    """Make one account for each role where there is none, and return what there is to say about them."""
    password = "-".join(secrets.token_hex(3) for _ in range(3))
    hashed = checked_hash(password)
    with writing(engine).begin() as session:
        made = make_accounts(session, datetime.now(UTC), hashed)
    if not made:
        return [MADE_BEFORE]
    lines = [f"{ONCE}  {password}"]
    for account in made:
        who = f"{account.organisation_zh} · {account.organisation_en}"
        lines.append(f"  {account.mail:24} {account.role:9} {who}")
        if account.codes:
            lines.append(f"  {'':24} {CODES} {'  '.join(account.codes)}")
    return lines
