"""The pages: what a reader sees without signing in. Each view loads, calls one verb or query, and shows."""

from __future__ import annotations

from flask import Blueprint, Flask

from web.pages.catalogue import show_catalogue
from web.pages.facilities import show_facilities, show_facility
from web.pages.frame import frame
from web.pages.jobs import cancel_job, show_job, start_run
from web.pages.method import show_method
from web.pages.outputs import show_output, show_outputs
from web.pages.reported_rates import show_rates
from web.pages.run_tables import download_plan, download_unmatched
from web.pages.runs import show_run, show_runs
from web.pages.start import show_start
from web.pages.tryout import download_template, show_try, try_workbook
from web.pages.whitelist import download_whitelist, show_entry, show_whitelist


def register_pages(app: Flask) -> None:
    """Register every page and what all templates may call."""
    pages = Blueprint("pages", __name__)
    for address, name, view in (
        ("/", "start", show_start),
        ("/outputs", "outputs", show_outputs),
        ("/outputs/<public_id>", "output", show_output),
        ("/facilities", "facilities", show_facilities),
        ("/facilities/<public_id>", "facility", show_facility),
        ("/whitelist", "whitelist", show_whitelist),
        ("/whitelist.csv", "whitelist_csv", download_whitelist),
        ("/whitelist/<public_id>", "whitelist_entry", show_entry),
        ("/runs", "runs", show_runs),
        ("/runs/<public_id>", "run", show_run),
        ("/runs/<public_id>/plan.csv", "plan_csv", download_plan),
        ("/runs/<public_id>/unmatched.csv", "unmatched_csv", download_unmatched),
        ("/jobs/<public_id>", "job", show_job),
        ("/rates", "rates", show_rates),
        ("/catalogue", "catalogue", show_catalogue),
        ("/method", "method", show_method),
        ("/try", "try_page", show_try),
        ("/try/template.xlsx", "template", download_template),
    ):
        pages.add_url_rule(address, name, view)
    for address, name, act in (
        ("/runs", "start_run", start_run),
        ("/jobs/<public_id>/cancellation", "cancel_job", cancel_job),
        ("/try", "try_workbook", try_workbook),
    ):
        pages.add_url_rule(address, name, act, methods=["POST"])
    app.register_blueprint(pages)
    app.context_processor(frame)
