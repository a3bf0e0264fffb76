"""`/my/credentials`: what somebody has earned."""

from flask import Blueprint, current_app, render_template

from app.awards.service import list_awards
from app.core.access import signed_in
from app.core.clock import utcnow
from app.core.db import db
from app.core.pages import came_from
from app.core.principal import current_principal

bp = Blueprint("awards", __name__)


@bp.route("/my/credentials")
@signed_in
def mine() -> str:
    """Show one's own credentials, from whichever course they came."""
    awards = list_awards(db.session(), current_principal().person_id)
    return render_template(
        "awards/mine.html",
        awards=awards,
        now=utcnow(),
        base_url=current_app.extensions["assay.settings"].base_url,
        back_url=came_from(),
    )
