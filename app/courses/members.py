"""Who is in a course, as the LMS's roster lists them. Pure.

Source: LTI Names and Role Provisioning Services 2.0 §2.1 to §2.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.core.principal import Role
from app.core.told import clean_text
from app.courses.models import RosterStatus
from app.courses.roles import course_role, is_test_user

MAX_SUB, MAX_NAME, MAX_EMAIL = 255, 255, 320
# From most to least: what counts when somebody is listed twice, say in two sections.
PRECEDENCE = (RosterStatus.ACTIVE, RosterStatus.INACTIVE, RosterStatus.GONE)


@dataclass(frozen=True, slots=True)
class Member:
    """One person of a roster. `name`, `email`: `None` where the LMS does not share them."""

    sub: str
    lti_roles: frozenset[str]
    status: RosterStatus
    name: str | None
    email: str | None

    @property
    def role(self) -> Role:
        """What the roster makes them in the course."""
        return course_role(self.lti_roles)

    @property
    def is_test_user(self) -> bool:
        """Whether this is the LMS's student preview."""
        return is_test_user(self.lti_roles)


def read_member(raw: Any) -> Member | None:
    """Return one entry of a roster, or `None` if it does not say whom it means.

    Roles come as full addresses or by their short names; a status that is not
    told is “Active”. Some platforms write the user id as a number.
    """
    if not isinstance(raw, Mapping):
        return None
    sub = _read_sub(raw.get("user_id"))
    if sub is None:
        return None
    roles = raw.get("roles")
    return Member(
        sub=sub,
        lti_roles=frozenset(role for role in roles if isinstance(role, str))
        if isinstance(roles, list)
        else frozenset(),
        status=_read_status(raw.get("status")),
        name=_read_name(raw),
        email=clean_text(raw.get("email"), max_length=MAX_EMAIL),
    )


def merge(one: Member, other: Member) -> Member:
    """Return what two entries for the same person say together."""
    return replace(
        one,
        lti_roles=one.lti_roles | other.lti_roles,
        status=min(one.status, other.status, key=PRECEDENCE.index),
        name=one.name or other.name,
        email=one.email or other.email,
    )


def _read_sub(raw: Any) -> str | None:
    """Return the user id exactly as sent: it is compared with that of a launch, never cleaned."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = str(raw)
    if not isinstance(raw, str) or not 0 < len(raw) <= MAX_SUB:
        return None
    return raw if raw.isascii() and clean_text(raw, max_length=MAX_SUB) == raw else None


def _read_status(raw: Any) -> RosterStatus:
    word = raw.rpartition("#")[2].strip().lower() if isinstance(raw, str) else ""
    known = {"": RosterStatus.ACTIVE, "active": RosterStatus.ACTIVE, "deleted": RosterStatus.GONE}
    return known.get(word, RosterStatus.INACTIVE)


def _read_name(raw: Mapping[str, Any]) -> str | None:
    whole = clean_text(raw.get("name"), max_length=MAX_NAME)
    if whole:
        return whole
    parts = (clean_text(raw.get(key), max_length=120) for key in ("given_name", "family_name"))
    return " ".join(part for part in parts if part) or None
