"""Who asks, where, with which rights."""

from dataclasses import dataclass
from enum import StrEnum

from flask import g

from app.core.errors import ForbiddenError


class Role(StrEnum):
    """What somebody is in one course, read from the LTI roles by an exact table.

    None of these lets anybody assess: that is an appointment (see `programme`).
    """

    INSTRUCTOR = "instructor"
    TEACHING_ASSISTANT = "teaching_assistant"
    DESIGNER = "designer"
    GRADER = "grader"
    LEARNER = "learner"
    OBSERVER = "observer"
    NONE = "none"


STAFF = frozenset({Role.INSTRUCTOR, Role.TEACHING_ASSISTANT, Role.DESIGNER})


@dataclass(frozen=True)
class Principal:
    """A person with a running session.

    `platform_id`: the LMS that they came from; `None` after a sign-in by the campus.
    `course_id`, `role`: the course that the page's address names and the
    person's role there; `None` on pages outside courses.
    `grants`: ids of the achievements for which the person is a grantor today;
    filled only on pages that ask for a grantor.
    `groups`: keys of the groups of reviewers in which the person has a seat
    today; filled only on pages that ask for a reviewer.
    `frame_origins`: the LMS origins that may frame the page.
    `is_administrator`: of the institution, today.
    """

    institution_id: int
    person_id: int
    platform_id: int | None
    frame_origins: tuple[str, ...] = ()
    course_id: int | None = None
    role: Role | None = None
    grants: frozenset[int] = frozenset()
    groups: frozenset[str] = frozenset()
    return_url: str | None = None
    is_administrator: bool = False

    @property
    def actor(self) -> str:
        """How the audit log names this person."""
        return f"person:{self.person_id}"


def current_principal() -> Principal:
    """Return who asks.

    Raises: `ForbiddenError` if nobody is signed in; a page that allows that
    must not ask.
    """
    principal = find_principal()
    if principal is None:
        raise ForbiddenError("Open Assay from your course: this page needs to know who you are.")
    return principal


def find_principal() -> Principal | None:
    """Return who asks, or `None` on a public page."""
    principal: Principal | None = g.get("principal")
    return principal
