"""`/my/path`: the certificates that somebody has begun, and what is left of each."""

from datetime import timedelta

from flask import current_app, render_template

from app.awards.blueprint import bp
from app.awards.paths import Path, list_paths
from app.core.access import signed_in
from app.core.clock import utcnow
from app.core.db import db
from app.core.pages import came_from
from app.core.principal import current_principal


@bp.get("/my/path")
@signed_in
def path() -> str:
    """Show what is left of the certificates that one has begun."""
    return render_template("awards/path.html", paths=own_paths(), back_url=came_from())


def own_paths() -> list[Path]:
    """Return the certificates that the person who asks has begun, the nearest first."""
    now = utcnow()
    hours = current_app.extensions["assay.settings"].session_hours
    return list_paths(
        db.session(),
        current_principal().person_id,
        since=now - timedelta(hours=hours),
        now=now,
    )
