"""`/souvenirs`: what somebody may give, and the lists by which it is given."""

from collections.abc import Iterable

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.awards.blueprint import bp
from app.awards.claims import describe_state, list_claims
from app.awards.forms import FileForm, ListForm, PasteForm, RosterForm
from app.awards.lists import Listed, ListFile, read_pasted
from app.awards.planning import Plan, find_batch_by_key, plan_batch, read_whole
from app.awards.souvenirs import Giver, get_givable, list_batches, list_givable, list_holders
from app.awards.wording import BATCH_ICONS, CLAIM_ICONS, batch_label, claim_label, source_label
from app.catalog.models import AchievementVersion
from app.core.access import requires, signed_in
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import InvalidError
from app.core.principal import STAFF, Role, current_principal
from app.core.uploads import accepts_uploads
from app.courses.models import Course
from app.courses.people import list_learners
from app.courses.service import get_course

COURSE_ROLES = (*STAFF, Role.GRADER)
WAYS = ("roster", "paste", "file")
FIELDS = {"roster": "people", "paste": "addresses", "file": "file"}
MAX_FILE_NAME = 200


@bp.get("/souvenirs")
@signed_in
def souvenirs() -> str:
    """Show the Souvenirs that somebody may give to anybody, and what they gave."""
    return _overview(None)


@bp.get("/courses/<int:course_id>/souvenirs")
@requires(*COURSE_ROLES)
def course_souvenirs(course_id: int) -> str:
    """Show the Souvenirs that somebody may give in a course, and what they gave there."""
    return _overview(_course(course_id))


@bp.route("/souvenirs/<int:achievement_id>/give", methods=["GET", "POST"])
@accepts_uploads
@signed_in
def give(achievement_id: int) -> ResponseReturnValue:
    """Take a list of people, whoever they are; nobody is awarded before it was looked at."""
    return _give(achievement_id, None)


@bp.route("/courses/<int:course_id>/souvenirs/<int:achievement_id>/give", methods=["GET", "POST"])
@accepts_uploads
@requires(*COURSE_ROLES)
def give_in_course(course_id: int, achievement_id: int) -> ResponseReturnValue:
    """Take a list of people of a course; nobody is awarded before it was looked at."""
    return _give(achievement_id, _course(course_id))


def _course(course_id: int) -> Course:
    return get_course(db.session(), course_id, institution_id=current_principal().institution_id)


def _overview(course: Course | None) -> str:
    read, now, giver = db.session(), utcnow(), Giver.of(current_principal())
    course_id = course.id if course else None
    return render_template(
        "awards/souvenirs.html",
        course=course,
        versions=list_givable(read, giver, now=now),
        batches=list_batches(read, giver, course_id=course_id, now=now),
        claims=[
            (claim, describe_state(claim, now=now))
            for claim in list_claims(read, giver, course_id=course_id, now=now)
        ],
        batch_label=batch_label,
        batch_icons=BATCH_ICONS,
        source_label=source_label,
        claim_label=claim_label,
        claim_icons=CLAIM_ICONS,
    )


def _give(achievement_id: int, course: Course | None) -> ResponseReturnValue:
    read, now, giver = db.session(), utcnow(), Giver.of(current_principal())
    version = get_givable(read, achievement_id, giver, now=now)
    learners = list_learners(read, course.id, now=now) if course else []
    holders = list_holders(read, version.achievement_id, learners, now=now)
    way = _chosen_way(course)
    form = _form(way, [each for each in learners if each.id != giver.person_id], holders)
    if form.validate_on_submit():
        batch_id = _plan(form, version, course)
        if batch_id is not None:
            return redirect(url_for(".batch", batch_id=batch_id), 303)
    page = render_template(
        "awards/give.html",
        form=form,
        way=way,
        ways=WAYS if course else WAYS[1:],
        version=version,
        level=version.achievement.level,
        course=course,
        learner_count=len(learners),
        holders=[each for each in learners if each.id in holders],
        max_rows=current_app.extensions["assay.settings"].souvenir_rows,
        give_url=_give_url,
    )
    return page, form.status


def _give_url(version: AchievementVersion, course: Course | None, way: str | None = None) -> str:
    if course is None:
        return url_for(".give", achievement_id=version.achievement_id, way=way)
    return url_for(
        ".give_in_course", course_id=course.id, achievement_id=version.achievement_id, way=way
    )


def _chosen_way(course: Course | None) -> str:
    asked = request.form.get("way") if request.method == "POST" else request.args.get("way")
    first = "roster" if course else "paste"
    return asked if asked in WAYS and (course or asked != "roster") else first


def _form(way: str, learners: list, holders: set[int]) -> ListForm:  # type: ignore[type-arg]
    if way == "roster":
        return RosterForm.for_people(learners, holders)
    return PasteForm.fresh(way=way) if way == "paste" else FileForm.fresh(way=way)


def _plan(form: ListForm, version: AchievementVersion, course: Course | None) -> int | None:
    """Keep the list; return the batch's id, or `None` with the reason at the field."""
    principal = current_principal()
    known = find_batch_by_key(db.session(), principal.institution_id, form.key.data)
    if known is not None:
        if known.created_by == principal.person_id:
            return known.id
        form.point_out(FIELDS[form.way.data], _("The form has run out. Load the page again."))
        return None
    try:
        max_rows = current_app.extensions["assay.settings"].souvenir_rows
        entries, notes, file_name = _entries(form)
        listed = read_whole(entries, max_rows=max_rows)
        with transaction() as session:
            now = utcnow()
            fresh = get_givable(session, version.achievement_id, Giver.of(principal), now=now)
            plan = Plan(
                version=fresh,
                key=form.key.data,
                source=form.way.data,
                actor=principal.actor,
                created_by=principal.person_id,
                course=course,
                file_name=file_name,
            )
            batch = plan_batch(
                session,
                plan,
                listed,
                notes=notes,
                max_rows=max_rows,
                now=now,
            )
            return batch.id
    except InvalidError as error:
        form.point_out(FIELDS[form.way.data], str(error))
        return None
    finally:
        if isinstance(form, FileForm):
            form.file.data.close()


def _entries(form: ListForm) -> tuple[Iterable[Listed], list[str], str | None]:
    if isinstance(form, RosterForm):
        ticked = form.people.data or []
        return [Listed(n, person_id=each) for n, each in enumerate(ticked, 1)], [], None
    if isinstance(form, PasteForm):
        return read_pasted(form.addresses.data), [], None
    upload = form["file"].data
    if getattr(upload.stream, "is_too_large", False) or getattr(
        upload.stream, "is_left_out", False
    ):
        megabytes = current_app.extensions["assay.settings"].max_upload_mb
        raise InvalidError(_("The file is larger than %(megabytes)d MB.", megabytes=megabytes))
    listed = ListFile(upload.stream)
    name = "".join(letter for letter in upload.filename or "" if letter.isprintable())
    return listed, listed.notes, name[-MAX_FILE_NAME:] or None


def tell(message: str) -> None:
    """Say what was done, on the next page."""
    flash(message, "success")
