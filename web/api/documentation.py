"""`/docs`: the API's description to read and to try, with Swagger UI from our own origin."""

from __future__ import annotations

from flask import Blueprint, render_template

blueprint = Blueprint(
    "documentation",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/docs/static",
)


@blueprint.get("/docs")
def docs() -> str:
    """Show the reader; without its script the page still leads to the description itself."""
    return render_template("api_documentation.html")
