"""`/my/credentials`: what somebody has earned. Importing this fills the blueprint."""

from flask import render_template, url_for

from app.awards import (
    admin_views,
    batch_views,
    certificate_views,
    claim_views,
    own_views,
    path_views,
    souvenir_views,
)
from app.awards.blueprint import bp
from app.awards.forms import CodeForm
from app.awards.path_views import own_paths
from app.awards.service import list_awards
from app.awards.traces import list_open_flags
from app.core.access import signed_in
from app.core.clock import utcnow
from app.core.db import db
from app.core.pages import came_from
from app.core.principal import current_principal

__all__ = [
    "admin_views",
    "batch_views",
    "bp",
    "certificate_views",
    "claim_views",
    "own_views",
    "path_views",
    "souvenir_views",
]


@bp.route("/my/credentials")
@signed_in
def mine() -> str:
    """Show one's own credentials, from whichever course they came, and certificates begun."""
    session = db.session()
    awards = list_awards(session, current_principal().person_id)
    back_url = came_from()
    if back_url and back_url.startswith(f"{url_for('.mine')}/"):
        back_url = None  # a page below this one is no way back from it
    return render_template(
        "awards/mine.html",
        awards=awards,
        now=utcnow(),
        flags=list_open_flags(session, [award.id for award in awards]),
        paths=own_paths() if awards else [],
        code_form=CodeForm(formdata=None),
        back_url=back_url,
    )
