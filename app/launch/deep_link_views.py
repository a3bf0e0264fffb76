"""The way back of deep linking: what was made or chosen goes to the LMS."""

from flask import abort, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from app.catalog.models import AchievementVersion
from app.catalog.service import find_version_by_public_id, list_mappable_versions
from app.catalog.usability import require_mappable, why_unusable
from app.core.access import requires
from app.core.clock import utcnow
from app.core.db import db
from app.core.errors import NotFoundError
from app.core.principal import STAFF, Role, current_principal
from app.courses.service import get_course
from app.launch import deep_linking
from app.launch.answering import addresses_of, answer_page, own_request
from app.launch.blueprint import bp
from app.mapping.asked import RESOURCE_LINK, read_asked
from app.mapping.deep_linking import list_choices
from app.platforms.models import Deployment


@bp.route("/courses/<int:course_id>/deep-linking/<token>/selection")
@requires(*STAFF)
def selection(course_id: int, token: str) -> ResponseReturnValue:
    """Show what was made in this selection, with the button that takes it to the LMS."""
    read = db.session()
    found = own_request(read, token, course_id)
    asked = read_asked(found.settings)
    choices, now = list_choices(read, found), utcnow()
    unusable = {
        choice.assignment_id: why
        for choice in choices
        if (why := why_unusable(choice.assignment.version, now=now))
    }
    chosen = [
        choice.assignment
        for choice in choices
        if choice.is_chosen and choice.assignment_id not in unusable
    ]
    family = read.get_one(Deployment, found.deployment_pk).platform.product_family
    items = [
        deep_linking.assignment_item(
            assignment, addresses=addresses_of(assignment.version), asked=asked, family=family
        )
        for assignment in chosen
    ]
    return answer_page(
        read,
        found,
        items,
        template="launch/selection.html",
        chosen=chosen,
        left_out=[choice.assignment for choice in choices if choice.assignment not in chosen],
        unusable=unusable,
        is_multiple=asked.is_multiple,
        place={"course_id": course_id, "token": token},
        form=FlaskForm(),
    )


@bp.route("/courses/<int:course_id>/deep-linking/<token>/cancel")
@requires(Role.LEARNER, *STAFF)
def deep_link_cancel(course_id: int, token: str) -> ResponseReturnValue:
    """Go back to the LMS with nothing chosen."""
    read = db.session()
    found = own_request(read, token, course_id)
    return answer_page(read, found, [], template="launch/deep_link_return.html")


@bp.route("/courses/<int:course_id>/deep-linking/<token>/links")
@requires(*STAFF)
def offer_links(course_id: int, token: str) -> ResponseReturnValue:
    """Offer what can be linked to without a grade: achievements, and one's own credentials."""
    read, principal = db.session(), current_principal()
    asked = read_asked(own_request(read, token, course_id).settings)
    return render_template(
        "launch/links.html",
        course=get_course(read, course_id, institution_id=principal.institution_id),
        versions=list_mappable_versions(read, principal.institution_id, now=utcnow()),
        takes_launches=RESOURCE_LINK in asked.types,
        wants_links=asked.wants_links,
        place={"course_id": course_id, "token": token},
    )


@bp.route("/courses/<int:course_id>/deep-linking/<token>/links/<what>")
@requires(*STAFF)
def offer_link(course_id: int, token: str, what: str) -> ResponseReturnValue:
    """Show one link that is not graded, with the button that takes it to the LMS.

    `what`: `credentials`, or the public id of an achievement.
    """
    read = db.session()
    found = own_request(read, token, course_id)
    asked = read_asked(found.settings)
    if not asked.takes_links:
        abort(404)
    if what == deep_linking.CREDENTIALS and RESOURCE_LINK in asked.types:
        title = _("My credentials")
        item = deep_linking.credentials_item(title, addresses=addresses_of(), asked=asked)
        version = None
    else:
        version = _get_version(what)
        require_mappable(version, now=utcnow())
        item = deep_linking.achievement_item(version, addresses=addresses_of(version), asked=asked)
    return answer_page(
        read, found, [item], template="launch/deep_link_return.html", version=version
    )


@bp.route("/courses/<int:course_id>/achievements/<public_id>")
@requires(*Role)
def achievement(course_id: int, public_id: str) -> ResponseReturnValue:
    """Show an achievement inside the course, where an LMS can only link to launches."""
    principal, version = current_principal(), _get_version(public_id)
    return render_template(
        "launch/achievement.html",
        course=get_course(db.session(), course_id, institution_id=principal.institution_id),
        version=version,
        why_unusable=why_unusable(version, now=utcnow()),
    )


def _get_version(public_id: str) -> AchievementVersion:
    version = find_version_by_public_id(db.session(), public_id)
    if version is None or version.institution_id != current_principal().institution_id:
        raise NotFoundError("There is no such micro-credential.")
    return version
