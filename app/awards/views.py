"""`/my/credentials`: what somebody has earned. Importing this fills the blueprint."""

from flask import current_app, render_template

from app.awards import batch_views, claim_views, souvenir_views
from app.awards.blueprint import bp
from app.awards.forms import CodeForm
from app.awards.service import list_awards
from app.core.access import signed_in
from app.core.db import db
from app.core.pages import came_from
from app.core.principal import current_principal

__all__ = ["batch_views", "bp", "claim_views", "mine", "souvenir_views"]


@bp.route("/my/credentials")
@signed_in
def mine() -> str:
    """Show one's own credentials, from whichever course they came."""
    awards = list_awards(db.session(), current_principal().person_id)
    return render_template(
        "awards/mine.html",
        awards=awards,
        code_form=CodeForm(formdata=None),
        base_url=current_app.extensions["assay.settings"].base_url,
        back_url=came_from(),
    )
