"""A course's pages that belong to no other room."""

from flask import (
    render_template,
)

from app.core.access import requires
from app.core.db import db
from app.core.principal import Role, current_principal
from app.courses.service import get_course
from app.launch.blueprint import bp


@bp.route("/courses/<int:course_id>/welcome")
@requires(*Role)
def welcome(course_id: int) -> str:
    """Say what this place is to somebody who has nothing to do here (yet)."""
    principal = current_principal()
    course = get_course(db.session(), course_id, institution_id=principal.institution_id)
    return render_template("launch/welcome.html", course=course, role=principal.role)
