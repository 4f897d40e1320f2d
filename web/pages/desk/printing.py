"""A transfer as one sheet of paper, with a code that leads back to its page."""

from __future__ import annotations

import io

import segno
from flask import Response, render_template, url_for

from circularity.custody.receipts import receipts_of
from circularity.custody.seals import verify_signatures
from web.pages.desk.acting import require_acting
from web.pages.desk.transfers import find_transfer
from web.session import read_session
from web.today import now


def show_print(public_id: str) -> str:
    """Show the sheet."""
    session, party = read_session(), require_acting()
    transfer = find_transfer(session, party, public_id)
    facts = {
        "receipts": receipts_of(session, transfer),
        "faults": verify_signatures(transfer),
        "address": url_for("desk.transfer", public_id=public_id, _external=True),
        "printed_at": now(),
    }
    return render_template("transfer_print.html", transfer=transfer, **facts)


def show_code(public_id: str) -> Response:
    """Return the code as a drawing; it holds the address of the transfer's page."""
    transfer = find_transfer(read_session(), require_acting(), public_id)
    address = url_for("desk.transfer", public_id=transfer.public_id, _external=True)
    drawing = io.BytesIO()
    segno.make(address, error="m", micro=False).save(drawing, kind="svg", border=0, xmldecl=False)
    return Response(drawing.getvalue(), mimetype="image/svg+xml")
