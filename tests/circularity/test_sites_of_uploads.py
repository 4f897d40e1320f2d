"""Uploads from before their sites were noted are told which these are when the database is brought up."""

from __future__ import annotations

from typing import Any

from alembic import command
from databases import Databases
from deal_rows import deal
from registry import ACTOR, AT, Registry
from sqlalchemy import select

from circularity.custody.weighings import SIDES
from circularity.database import alembic_config, create_engine_for, reading, upgrade, writing
from circularity.uploads import OFFICIAL_FORMS, OFFICIAL_NUMBERS, WEIGHBRIDGE, Upload, ask_for_import

BEFORE = "0024"


def test_an_earlier_upload_is_about_the_site_that_weighed_or_that_its_form_names(
    databases: Databases,
) -> None:
    with databases.new() as url:
        engine = create_engine_for(url)
        with writing(engine).begin() as session:
            registry = Registry(session)
            ash = deal(registry)
            sheet = ash.draft(metering="sheet")
            places = {"sender": ash.works.public_id, "receiver": ash.plant.site.public_id}
            for side in SIDES:
                _asked(registry, WEIGHBRIDGE, {"transfer": sheet.public_id, "side": side, "line": 1})
            _asked(registry, OFFICIAL_FORMS, {"site": places["sender"]})
            _asked(registry, OFFICIAL_NUMBERS, {})
        with engine.begin() as connection:
            command.downgrade(alembic_config(connection), BEFORE)
        upgrade(engine)
        with reading(engine)() as session:
            uploads = session.scalars(select(Upload).order_by(Upload.id)).all()
            found = [[site.public_id for site in upload.sites] for upload in uploads]
        engine.dispose()
    assert found == [[places["sender"]], [places["receiver"]], [places["sender"]], []]


def _asked(registry: Registry, kind: str, parameters: dict[str, Any]) -> None:
    facts = {"kind": kind, "suffix": "csv", "content": b"?", "parameters": parameters}
    ask_for_import(registry.session, actor=ACTOR, at=AT, **facts)  # type: ignore[arg-type]  # wrong, or unpacked, on purpose
