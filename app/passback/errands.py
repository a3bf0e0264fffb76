"""Everything that one call to a gradebook needs, read before the LMS is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sqlalchemy import bindparam, select

from app.core.db import reading
from app.core.prepared import Prepared
from app.courses.models import Course, ResourceLink
from app.mapping.models import Assignment
from app.outbox.errors import ParkedError, PermanentError
from app.passback.ags import Gradebook
from app.passback.lineitems import STATUS_TAG, TAG, Column, describe_review
from app.passback.models import StatusColumn
from app.passback.places import Place
from app.passback.status_columns import FULL_POINTS
from app.platforms.models import Deployment, Platform, PlatformStatus
from app.platforms.tokens import Registration

_COURSE = (
    Course.lineitems_url,
    Course.ags_scopes,
    Platform.id.label("platform_id"),
    Platform.client_id,
    Platform.token_url,
    Platform.token_audience,
    Platform.product_family,
    Platform.status,
    Deployment.deployment_id,
)


_ASSIGNMENT_ERRAND: Any = (
    select(
        Assignment.title.label("label"),
        Assignment.max_points,
        Assignment.uuid.label("resource_id"),
        Assignment.lineitem_url,
        ResourceLink.resource_link_id,
        *_COURSE,
    )
    .join(Course, Course.id == Assignment.course_id)
    .join(Platform, Platform.id == Course.platform_id)
    .join(Deployment, Deployment.id == Course.deployment_pk)
    .outerjoin(ResourceLink, ResourceLink.id == Assignment.resource_link_pk)
    .where(Assignment.id == bindparam("assignment_id"))
)
_STATUS_ERRAND: Any = (
    select(
        StatusColumn.label,
        StatusColumn.resource_id,
        StatusColumn.lineitem_url,
        StatusColumn.is_on,
        *_COURSE,
    )
    .join(Course, Course.id == StatusColumn.course_id)
    .join(Platform, Platform.id == Course.platform_id)
    .join(Deployment, Deployment.id == Course.deployment_pk)
    .where(StatusColumn.id == bindparam("status_column_id"))
)
# Every score reads one of them, so they are compiled once (bench/SCORES.md).
_READ_ASSIGNMENT, _READ_STATUS = Prepared(_ASSIGNMENT_ERRAND), Prepared(_STATUS_ERRAND)


@dataclass(frozen=True)
class Errand:
    """Where a message goes. `lineitem_url`: `None` while the column is unknown.

    `is_wanted`: false for a status column that was switched off.
    """

    place: Place
    gradebook: Gradebook
    column: Column
    lineitem_url: str | None
    is_wanted: bool = True

    @property
    def platform_id(self) -> int:
        """Whom it goes to."""
        return self.gradebook.registration.platform_id


def read_errand(payload: Mapping[str, Any], *, launch_url: str) -> Errand:
    """Read what a message needs, and let go of the database before the LMS is called.

    Raises: `PermanentError` if there is nothing left to tell; `ParkedError` if
        the platform is switched off.
    """
    place = Place.read(payload)
    row = _read(place)
    if row is None:
        raise PermanentError("The assignment no longer exists; there is nothing to tell.")
    if row.status is not PlatformStatus.ACTIVE:
        raise ParkedError("The connection to this LMS is switched off in the tool.")
    is_assignment = place.assignment_id is not None
    column = Column(
        label=row.label,
        max_points=row.max_points if is_assignment else FULL_POINTS,
        resource_id=row.resource_id,
        resource_link_id=row.resource_link_id if is_assignment else None,
        tag=TAG if is_assignment else STATUS_TAG,
        review=describe_review(launch_url, row.resource_id) if is_assignment else {},
    )
    return Errand(
        place,
        _read_gradebook(row),
        column,
        row.lineitem_url,
        is_wanted=is_assignment or row.is_on,
    )


def _read(place: Place) -> SimpleNamespace | None:
    is_assignment = place.assignment_id is not None
    statement = _ASSIGNMENT_ERRAND if is_assignment else _STATUS_ERRAND
    prepared = _READ_ASSIGNMENT if is_assignment else _READ_STATUS
    with reading() as wire:
        row = prepared.first(wire, place.names)
    if row is None:
        return None
    return SimpleNamespace(**dict(zip(statement.selected_columns.keys(), row, strict=True)))


def _read_gradebook(row: SimpleNamespace) -> Gradebook:
    return Gradebook(
        registration=Registration(
            platform_id=row.platform_id,
            client_id=row.client_id,
            token_url=row.token_url,
            audience=row.token_audience or row.token_url,
            deployment_id=row.deployment_id,
        ),
        family=row.product_family,
        scopes=frozenset(row.ags_scopes),
        lineitems_url=row.lineitems_url,
    )
