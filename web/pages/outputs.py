"""Outputs: the list with its filters, and one output with its matches, reasons and recommendations."""

from __future__ import annotations

from flask import render_template
from sqlalchemy import select

from circularity.catalogue.regions import all_regions
from circularity.catalogue.streams import all_streams
from circularity.errors import NotFound
from circularity.listings import OutputFilter, list_outputs, streams_in_use
from circularity.registry.outputs import STATUSES, Output
from circularity.runs.stored import latest_run, proposals_of_output, unmatched_of_output
from matching.advice.recommending import outlets_for_output
from web.formats import waste_type
from web.pages.disclosure import tells_all
from web.pages.requests import choice, page_number, province, text
from web.session import live_receivers, read_session
from web.today import now, today

MAX_OUTLETS = 12


def show_outputs() -> str:
    """Show a page of the outputs that stand."""
    session = read_session()
    in_use = streams_in_use(session)
    wanted = OutputFilter(
        stream=choice("stream", in_use),
        province=province(),
        hazard=choice("hazard", ("hazardous", "general")),
        status=choice("status", STATUSES),
        text=text(),
    )
    page = list_outputs(session, wanted, page_number(), on=today(), heaviest_first=tells_all())
    streams = [stream for stream in all_streams() if stream.code in in_use]
    choices = {"streams": streams, "provinces": all_regions("province"), "statuses": STATUSES}
    return render_template("outputs.html", page=page, wanted=wanted, waste_type=waste_type, **choices)


def show_output(public_id: str) -> str:
    """Show one output, what the latest run proposes for it, and which outlets it could reach."""
    session = read_session()
    output = session.scalar(select(Output).filter_by(public_id=public_id))
    if output is None:
        raise NotFound("output", "没有这一批废物", "there is no such output", id=public_id[:40])
    run = latest_run(session)
    facts = {
        "waste": waste_type(output.waste_code),
        "run": run,
        "proposals": proposals_of_output(session, run, output) if run else [],
        "unmatched": unmatched_of_output(session, run, output) if run else None,
        "outlets": outlets_for_output(live_receivers(), session, output, at=now(), limit=MAX_OUTLETS),
    }
    return render_template("output.html", output=output, **facts)
