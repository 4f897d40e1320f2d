"""What the database itself keeps of the mass ledger and of signatures, on both databases alike.

A move is one row with two accounts, so a group needs no check at commit, which SQLite could not do. What is
left to refuse is told per row, at once: a move beyond the number its group announced, one that would change
origin, waste or vintage, and any change of what was written. Balances follow from the moves alone.
"""

from __future__ import annotations

from alembic import op

FROZEN = {
    "mass_groups": "groups of the mass ledger are never changed or deleted",
    "mass_moves": "moves of the mass ledger are never changed or deleted",
    "signatures": "signatures are never changed or deleted",
}
ACCOUNT_KEY = "id, origin_site_id, holder_site_id, waste_code, vintage, kind"
TOO_MANY = "the group announced fewer moves"
OTHER_MASS = "a move changes neither origin nor waste nor vintage"
TOO_MANY_MOVES = "NEW.line > (SELECT moves FROM mass_groups WHERE id = NEW.group_id)"
BECOMES_OTHER_MASS = """NOT EXISTS (
    SELECT 1 FROM mass_accounts s JOIN mass_accounts t ON s.origin_site_id = t.origin_site_id
    AND s.waste_code = t.waste_code AND s.vintage = t.vintage
    WHERE s.id = NEW.source_id AND t.id = NEW.target_id)"""
CARRY = """
UPDATE mass_accounts SET balance_kg = balance_kg - NEW.mass_kg WHERE id = NEW.source_id;
UPDATE mass_accounts SET balance_kg = balance_kg + NEW.mass_kg WHERE id = NEW.target_id;
"""


def create() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _create_on_postgresql()
    else:
        _create_on_sqlite()


def drop() -> None:
    """Drop what does not go with its table."""
    if op.get_bind().dialect.name == "postgresql":
        for name in (*FROZEN, "mass_accounts"):
            op.execute(f"DROP FUNCTION {name}_refuse()")
        op.execute("DROP FUNCTION mass_moves_check()")
        op.execute("DROP FUNCTION mass_moves_carry()")


def _create_on_sqlite() -> None:
    for table, why in FROZEN.items():
        for event in ("UPDATE", "DELETE"):
            _refuse_on_sqlite(f"{table}_refuse_{event.lower()}", f"BEFORE {event} ON {table}", "1", why)
    why = "an account of the mass ledger stays what it is"
    _refuse_on_sqlite(
        "mass_accounts_refuse_change", f"BEFORE UPDATE OF {ACCOUNT_KEY} ON mass_accounts", "1", why
    )
    _refuse_on_sqlite("mass_accounts_refuse_delete", "BEFORE DELETE ON mass_accounts", "1", why)
    _refuse_on_sqlite(
        "mass_accounts_start_empty", "BEFORE INSERT ON mass_accounts", "NEW.balance_kg <> 0", why
    )
    _refuse_on_sqlite("mass_moves_announced", "BEFORE INSERT ON mass_moves", TOO_MANY_MOVES, TOO_MANY)
    _refuse_on_sqlite("mass_moves_same_mass", "BEFORE INSERT ON mass_moves", BECOMES_OTHER_MASS, OTHER_MASS)
    op.execute(f"CREATE TRIGGER mass_moves_carry AFTER INSERT ON mass_moves BEGIN {CARRY} END")


def _refuse_on_sqlite(name: str, when: str, condition: str, why: str) -> None:
    op.execute(f"CREATE TRIGGER {name} {when} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{why}'); END")


def _create_on_postgresql() -> None:
    for table, why in FROZEN.items():
        _refuse_on_postgresql(table, why)
        for event in ("UPDATE", "DELETE", "TRUNCATE"):
            op.execute(_trigger(f"{table}_refuse_{event.lower()}", f"BEFORE {event} ON {table}", table))
    _refuse_on_postgresql("mass_accounts", "an account of the mass ledger stays what it is")
    for event in (f"UPDATE OF {ACCOUNT_KEY}", "DELETE", "TRUNCATE"):
        name = f"mass_accounts_refuse_{event.split()[0].lower()}"
        op.execute(_trigger(name, f"BEFORE {event} ON mass_accounts", "mass_accounts"))
    op.execute(
        "CREATE TRIGGER mass_accounts_start_empty BEFORE INSERT ON mass_accounts FOR EACH ROW "
        "WHEN (NEW.balance_kg <> 0) EXECUTE FUNCTION mass_accounts_refuse()"
    )
    op.execute(
        "CREATE FUNCTION mass_moves_check() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {TOO_MANY_MOVES} THEN RAISE EXCEPTION '{TOO_MANY}' USING ERRCODE = 'check_violation'; END IF; "
        f"IF {BECOMES_OTHER_MASS} THEN "
        f"RAISE EXCEPTION '{OTHER_MASS}' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE FUNCTION mass_moves_carry() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {CARRY} RETURN NULL; END $$"
    )
    for when, function in (("BEFORE", "check"), ("AFTER", "carry")):
        op.execute(
            f"CREATE TRIGGER mass_moves_{function} {when} INSERT ON mass_moves "
            f"FOR EACH ROW EXECUTE FUNCTION mass_moves_{function}()"
        )


def _refuse_on_postgresql(table: str, why: str) -> None:
    op.execute(
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{why}' USING ERRCODE = 'check_violation'; END $$"
    )


def _trigger(name: str, when: str, table: str) -> str:
    return f"CREATE TRIGGER {name} {when} FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
