"""The administrator's pages: which tools are known here, and how another one is added."""

from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.sandbox.lms import current_lms
from app.sandbox.models import Tool
from app.sandbox.registering import registration_address
from app.sandbox.signing_in import current_person

bp = Blueprint("tools", __name__, url_prefix="/tools")


@bp.before_request
def _require_administrator() -> None:
    if not current_person().is_administrator:
        abort(403, "Only the administrator of this LMS may do this: become Olu Administrator.")


@bp.get("")
def index() -> ResponseReturnValue:
    """List the tools, and ask for the link of another one."""
    lms = current_lms()
    with lms.database.reading() as session:
        tools = session.scalars(select(Tool).order_by(Tool.id)).all()
        return render_template("sandbox/tools.html", tools=tools, lms=lms, problem=None)


@bp.get("/register")
def register() -> ResponseReturnValue:
    """Hold the tool in a frame, where it registers itself."""
    lms = current_lms()
    link = request.args.get("link", "").strip()
    parts = urlsplit(link)
    if f"{parts.scheme}://{parts.netloc}" != lms.config.tool_origin:
        problem = f"This practice LMS works with the tool at {lms.config.tool_origin} only."
        with lms.database.reading() as session:
            tools = session.scalars(select(Tool).order_by(Tool.id)).all()
            page = render_template("sandbox/tools.html", tools=tools, lms=lms, problem=problem)
        return page, 400
    return render_template("sandbox/register_tool.html", frame_url=registration_address(link))


@bp.post("/<client_id>/activate")
def activate(client_id: str) -> ResponseReturnValue:
    """Switch a tool on, and launch it from now on."""
    if not current_lms().use_tool(client_id):
        abort(404)
    return redirect(url_for(".index"), 303)
