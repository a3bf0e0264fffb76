"""The learner's page before anything was kept: for a whole class the same.

A class opens an assignment at the same time, and everybody who has not begun
sees the same words. So the page is rendered once and kept, under everything in
it that can change; what is each person's own is put in last: the form's token,
and the secret of a session that is in the address (decision 0009).
What is not in the key cannot change: an approved version is frozen, and an
assignment's criteria stay as they were mapped.

Many courses use one assignment, copied: such pages differ by their address
alone, so the second course's first learner gets the first one's page, with the
addresses put right.
"""

import secrets
from collections.abc import Callable, Hashable
from typing import Any

from flask import current_app, session
from flask_babel import get_locale
from sqlalchemy import and_, bindparam, exists, or_, select

from app.catalog.models import Achievement, AchievementVersion
from app.catalog.usability import is_usable_now
from app.core.address_sessions import address_secret
from app.core.clock import utcnow
from app.core.db import reading
from app.core.form_tokens import form_token
from app.core.forwarding import own_address
from app.core.orm import table_of
from app.core.prepared import Prepared
from app.core.principal import current_principal
from app.courses.models import Enrolment
from app.evidence.group_models import GroupInvitation
from app.evidence.models import Submission
from app.mapping.models import Assignment, AssignmentCriterion
from app.programme.models import IssuerProfile, Level

MAX_PAGES = 500
PAGES, PAGES_ALIKE = "assay.first_pages", "assay.first_pages_alike"
# Stands in a kept page for the secret of the address; nobody can have written it into one.
ANY_SECRET = secrets.token_urlsafe(32)
# Likewise for the place of the assignment, where other courses get the same page.
ANY_PLACE = f"/{secrets.token_urlsafe(32)}/"

_assignment, _version = table_of(Assignment), table_of(AchievementVersion)
_achievement, _level, _issuer = table_of(Achievement), table_of(Level), table_of(IssuerProfile)
_submission, _enrolment = table_of(Submission), table_of(Enrolment)
_elsewhere = table_of(Submission).alias("elsewhere")
_criterion = table_of(AssignmentCriterion)
_invitation, _began = table_of(GroupInvitation), table_of(Submission).alias("began")

_WHAT_CAN_CHANGE = Prepared(
    select(
        _assignment.c.id,
        _assignment.c.max_group_size,
        _assignment.c.title,
        _assignment.c.instructions,
        _assignment.c.max_files,
        _assignment.c.file_kinds,
        _assignment.c.accepts_link,
        _assignment.c.accepts_text,
        _assignment.c.max_file_mb,
        _assignment.c.is_by_criterion,
        _assignment.c.statement,
        _assignment.c.version_id,
        _assignment.c.opens_at,
        _assignment.c.due_at,
        _assignment.c.closes_at,
        _level.c.name,
        _level.c.family,
        _issuer.c.name,
        # Whether there is earlier work to be used here, which the page then offers.
        exists()
        .where(
            _elsewhere.c.learner_id == bindparam("learner_id"),
            _elsewhere.c.assignment_id != _assignment.c.id,
            _elsewhere.c.submitted_at.is_not(None),
        )
        .correlate(_assignment),
    )
    .join(_version, _version.c.id == _assignment.c.version_id)
    .join(_achievement, _achievement.c.id == _version.c.achievement_id)
    .join(_level, _level.c.id == _achievement.c.level_id)
    .join(_issuer, _issuer.c.id == _achievement.c.issuer_id)
    .join(
        _enrolment,
        and_(
            _enrolment.c.course_id == _assignment.c.course_id,
            _enrolment.c.person_id == bindparam("learner_id"),
            _enrolment.c.is_test_user.is_(False),
        ),
    )
    .outerjoin(
        _submission,
        and_(
            _submission.c.assignment_id == _assignment.c.id,
            _submission.c.learner_id == bindparam("learner_id"),
        ),
    )
    .where(
        _assignment.c.id == bindparam("assignment_id"),
        _assignment.c.course_id == bindparam("course_id"),
        _submission.c.id.is_(None),
        # Whoever is invited to a group has a page of their own.
        or_(
            _assignment.c.max_group_size == 1,
            ~exists()
            .where(
                _invitation.c.person_id == bindparam("learner_id"),
                _invitation.c.answered_at.is_(None),
                _invitation.c.submission_id == _began.c.id,
                _began.c.assignment_id == _assignment.c.id,
            )
            .correlate(_assignment),
        ),
        is_usable_now(bindparam("now")),
    )
)
_CRITERIA = Prepared(
    select(_criterion.c.criterion_id)
    .where(_criterion.c.assignment_id == bindparam("assignment_id"))
    .order_by(_criterion.c.criterion_id)
)

Halves = tuple[str, str]


def first_page(
    assignment_id: int,
    *,
    course_id: int,
    learner_id: int,
    render: Callable[[], str],
) -> str | None:
    """Return the page of a learner who has not begun; `None` if this is not one.

    `render` makes the page if it was not kept.
    """
    facts = {
        "assignment_id": assignment_id,
        "course_id": course_id,
        "learner_id": learner_id,
        "now": utcnow(),
    }
    with reading() as wire:
        row = _WHAT_CAN_CHANGE.first(wire, facts)
    if row is None or "_flashes" in session:
        return None
    secret = address_secret()
    place = f"/courses/{course_id}/assignments/{assignment_id}/"
    # An administrator's page links to the administration.
    office = current_principal().is_administrator
    key = (str(get_locale()), secret is not None, own_address(), office, repr(row))
    token = form_token()
    kept = _pages(PAGES).get(key)  # once: another thread may empty the store
    if kept is None:
        alike = _key_of_alike(row, key, place)
        found = _pages(PAGES_ALIKE).get(alike)
        if found is not None:
            kept = _put_right(found, ANY_PLACE, place)
        else:
            page = render()
            kept = _part_at(token, page.replace(secret, ANY_SECRET) if secret else page)
            if kept is None:
                return page
            if alike is not None:
                _keep(PAGES_ALIKE, alike, _put_right(kept, place, ANY_PLACE))
        _keep(PAGES, key, kept)
    page = f"{kept[0]}{token}{kept[1]}"
    return page.replace(ANY_SECRET, secret) if secret else page


def _part_at(token: str, page: str) -> Halves | None:
    """Return what stands before and after the token; `None` if it is not there just once."""
    before, mark, after = page.partition(token)
    return (before, after) if mark and token not in after else None


def _put_right(halves: Halves, place: str, other: str) -> Halves:
    return halves[0].replace(place, other), halves[1].replace(place, other)


def _key_of_alike(row: tuple[Any, ...], key: Any, place: str) -> Hashable | None:
    """Return what pages of other courses must share to be this one; `None` if they cannot.

    A group's page names people of its course; and where somebody wrote the
    page's own address into it, that is no address of ours to be put right.
    """
    assignment_id, max_group_size = row[:2]
    if max_group_size > 1 or place in key[-1]:
        return None
    with reading() as wire:
        criteria = tuple(_CRITERIA.all(wire, {"assignment_id": assignment_id}))
    locale, has_secret, address, office, _row = key
    at = address.replace(place, ANY_PLACE) if address else None
    return (locale, has_secret, at, office, repr(row[1:]), criteria)


def _pages(name: str) -> dict[Hashable, Halves]:
    pages: dict[Hashable, Halves] = current_app.extensions.setdefault(name, {})
    return pages


def _keep(name: str, key: Hashable, halves: Halves) -> None:
    pages = _pages(name)
    if len(pages) >= MAX_PAGES:
        pages.clear()
    pages[key] = halves
