"""A course's pages that belong to no other room."""

from flask import render_template

from app.approval.queries import count_to_do
from app.awards.souvenirs import Giver, list_givable
from app.core.access import requires
from app.core.clock import utcnow
from app.core.db import db
from app.core.principal import STAFF, Role, current_principal
from app.courses.people import count_learners
from app.courses.roster import find_reading
from app.courses.service import get_course
from app.launch.blueprint import bp
from app.launch.home import count_waiting, map_own_work
from app.mapping.service import list_assignments
from app.programme.reviewers import is_reviewer
from app.programme.service import list_granted_achievement_ids


@bp.route("/courses/<int:course_id>/welcome")
@requires(*Role)
def welcome(course_id: int) -> str:
    """Say what this place is to somebody who has nothing to do here (yet)."""
    principal = current_principal()
    course = get_course(db.session(), course_id, institution_id=principal.institution_id)
    return render_template("launch/welcome.html", course=course, role=principal.role)


@bp.route("/courses/<int:course_id>/home")
@requires(*Role)
def course_home(course_id: int) -> str:
    """Show what the course has in Assay: to learners their work, to staff the assignments."""
    read, principal, now = db.session(), current_principal(), utcnow()
    is_staff = principal.role in STAFF
    # One that deep linking made waits for its first launch; only staff see it until then.
    assignments = [
        each
        for each in list_assignments(read, course_id)
        if is_staff or each.resource_link_pk is not None
    ]
    is_learner = principal.role is Role.LEARNER
    may_manage = is_staff or principal.role is Role.GRADER
    may_propose = principal.role is Role.INSTRUCTOR
    grants = list_granted_achievement_ids(read, principal.person_id, now=now)
    return render_template(
        "launch/home.html",
        course=get_course(read, course_id, institution_id=principal.institution_id),
        assignments=assignments,
        is_staff=is_staff,
        is_learner=is_learner,
        is_grantor=bool(grants),
        # Not asked for learners: their page is the one that a whole class opens at once.
        is_reviewer=not is_learner and is_reviewer(read, principal.person_id, now=now),
        may_propose=may_propose,
        proposals_to_do=count_to_do(read, principal.person_id) if may_propose else 0,
        gives_souvenirs=may_manage and bool(list_givable(read, Giver.of(principal), now=now)),
        work=map_own_work(read, course_id=course_id, learner_id=principal.person_id),
        waiting=count_waiting(read, assignments) if is_staff else {},
        learner_count=count_learners(read, course_id, now=now) if is_staff else 0,
        reading=find_reading(read, course_id) if is_staff else None,
    )
