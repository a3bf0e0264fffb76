"""Reads the roster of a course: asks the LMS, keeps what it says, remembers how it went."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from traceback import extract_tb
from typing import Any

import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from app.core import audit
from app.core.clock import utcnow
from app.core.crypto import Vault
from app.core.db import db, transaction
from app.core.errors import ConflictError, NotFoundError
from app.core.http import OutgoingClient
from app.courses.models import Course, Enrolment, RosterReading
from app.courses.nrps import NrpsClient, Roster, RosterError, TooSlowError, UnreachableError
from app.courses.roster_store import Outcome, store_roster
from app.platforms.models import Deployment, DeploymentStatus, Platform, PlatformStatus
from app.platforms.service import active_tool_key
from app.platforms.tokens import Registration, TokenSource

log = structlog.get_logger()

# While somebody waits for the page; and with all the time there is.
PATIENCE = timedelta(seconds=20)
TIME_ENOUGH = timedelta(minutes=10)
LEASE = timedelta(minutes=12)
# A course that is in use is read once a day; one that nobody opens any more is left alone.
READ_EVERY = timedelta(hours=20)
RETRY_AFTER = timedelta(hours=2)
IN_USE = timedelta(days=60)
ROWS_TO_MEET = 4
NOBODY = (
    "The LMS listed nobody, though people have opened this course here. Nothing was changed; "
    "its administrator should look at what the tool is allowed to read."
)
NO_SERVICE = (
    "The LMS has not offered its list of people for this course. Its administrator can allow it "
    "(“Names and Role Provisioning Services”); after that, open an activity once."
)
SWITCHED_OFF = "The connection to this LMS is switched off in Assay."


@dataclass(frozen=True)
class Place:
    """Everything that reading one course's roster needs, read before the LMS is called."""

    course_id: int
    registration: Registration
    url: str


class RosterReader:
    """Reads rosters; holds no transaction while it waits for the LMS."""

    def __init__(
        self, vault: Vault, http: OutgoingClient, *, clock: Callable[[], datetime] = utcnow
    ) -> None:
        """Prepare the client; tokens are kept as long as this object lives."""
        self._vault, self._clock = vault, clock
        tokens = TokenSource(http, signing_key=self._read_signing_key, clock=clock)
        self._nrps = NrpsClient(http, tokens, clock=clock)

    def refresh(
        self, course_id: int, *, patience: timedelta = TIME_ENOUGH, actor: str | None = None
    ) -> Outcome:
        """Read the whole roster of a course and keep it; on any trouble change nobody.

        What went wrong is remembered in plain words, and raised. `actor`: who
        asked for it; `None` if it was due.
        Raises: `RosterError`; `ConflictError` if somebody else is reading it just now.
        """
        started = self._clock()
        with transaction() as session:
            _claim(session, course_id, now=started)
            if actor is not None:
                _audit_asked(session, course_id, actor=actor, now=started)
        try:
            place = _find_place(course_id)
            roster = self._nrps.read(place.registration, place.url, until=started + patience)
            outcome = self._keep(course_id, roster)
        except RosterError as error:
            wanted = isinstance(error, TooSlowError) and patience < TIME_ENOUGH
            self._note_failure(course_id, str(error), is_wanted=wanted)
            log.info("roster not read", course_id=course_id, reason=type(error).__name__)
            raise
        except BaseException:
            self._note_failure(course_id, "Reading broke off on our side.", is_wanted=False)
            raise
        log.info("roster read", course_id=course_id, people=len(roster.members))
        return outcome

    def refresh_due(self) -> int:
        """Read the rosters that are due, one after the other; return how many succeeded.

        Whatever one course does, the next has its turn: they are many institutions'.
        """
        session = db.session()
        try:
            due = list_due(session, now=self._clock())
        finally:
            session.rollback()
        done, silent = 0, set[int]()
        for course_id, platform_id in due:
            if platform_id in silent:
                continue
            try:
                self.refresh(course_id)
            except UnreachableError:
                silent.add(platform_id)  # its other courses would wait as long for nothing
            except (RosterError, ConflictError):
                continue  # remembered with its words; the others go on
            except OperationalError:
                raise  # the database is away; its outage is waited out by the caller
            except Exception as error:  # noqa: BLE001 (one broken course must not stop the others)
                # By kind and place alone: what a library says may hold people's names.
                place = extract_tb(error.__traceback__)[-1]
                log.warning(
                    "roster broke",
                    course_id=course_id,
                    reason=type(error).__name__,
                    where=f"{place.name}:{place.lineno}",
                )
            else:
                done += 1
        return done

    def _keep(self, course_id: int, roster: Roster) -> Outcome:
        """Write a roster, again after each person whom a launch made at the same moment."""
        for _met in range(ROWS_TO_MEET):
            try:
                return self._write(course_id, roster)
            except IntegrityError:
                log.info("roster met a launch", course_id=course_id)
        return self._write(course_id, roster)

    def _write(self, course_id: int, roster: Roster) -> Outcome:
        now = self._clock()
        with transaction() as session:
            course = session.get_one(Course, course_id)
            if not roster.members:
                raise RosterError(NOBODY)
            outcome = store_roster(
                session, course, roster.members, may_end=not roster.unreadable, now=now
            )
            reading = _get_reading(session, course_id)
            reading.read_at = reading.tried_at = now
            reading.member_count = sum(not each.is_test_user for each in roster.members.values())
            reading.problem = _describe_unreadable(roster.unreadable)
            reading.wanted_at = reading.busy_until = None
        return outcome

    def _note_failure(self, course_id: int, problem: str, *, is_wanted: bool) -> None:
        now = self._clock()
        with transaction() as session:
            reading = _get_reading(session, course_id)
            reading.tried_at, reading.problem, reading.busy_until = now, problem[:500], None
            reading.wanted_at = now if is_wanted else None

    def _read_signing_key(self) -> tuple[str, str]:
        session = db.session()
        try:
            return active_tool_key(session, self._vault)
        finally:
            session.rollback()


def find_reading(session: Session, course_id: int) -> RosterReading | None:
    """Return how the reading of a course's roster stands; `None` if nobody ever tried."""
    return session.scalar(select(RosterReading).where(RosterReading.course_id == course_id))


def list_due(session: Session, *, now: datetime) -> list[tuple[int, int]]:
    """Return courses whose roster should be read, with their platform: asked for first."""
    last_launch = (
        select(Enrolment.course_id, func.max(Enrolment.last_launched_at).label("at"))
        .group_by(Enrolment.course_id)
        .subquery()
    )
    statement = (
        select(Course.id, Course.platform_id)
        .join(Platform, Platform.id == Course.platform_id)
        .outerjoin(last_launch, last_launch.c.course_id == Course.id)
        .outerjoin(RosterReading, RosterReading.course_id == Course.id)
        .where(
            Course.memberships_url.is_not(None),
            Platform.status == PlatformStatus.ACTIVE,
            or_(RosterReading.busy_until.is_(None), RosterReading.busy_until <= now),
            or_(
                RosterReading.wanted_at.is_not(None),
                (last_launch.c.at > now - IN_USE)
                & or_(RosterReading.read_at.is_(None), RosterReading.read_at <= now - READ_EVERY)
                & or_(
                    RosterReading.tried_at.is_(None), RosterReading.tried_at <= now - RETRY_AFTER
                ),
            ),
        )
        .order_by(
            RosterReading.wanted_at.is_(None),
            RosterReading.read_at.is_not(None),
            RosterReading.read_at,
            Course.id,
        )
    )
    return [(course_id, platform_id) for course_id, platform_id in session.execute(statement)]


def _claim(session: Session, course_id: int, *, now: datetime) -> None:
    """Take a course's roster in hand, by one atomic update.

    Raises: `ConflictError` if somebody has it; `NotFoundError` if there is no such course.
    """
    if session.get(Course, course_id) is None:
        raise NotFoundError("There is no such course.")
    if find_reading(session, course_id) is None:
        try:
            with session.begin_nested():
                session.add(RosterReading(course_id=course_id, member_count=0))
        except IntegrityError:  # somebody else has just made it
            log.info("roster readings met", course_id=course_id)
    claimed: Any = session.execute(
        update(RosterReading)
        .where(
            RosterReading.course_id == course_id,
            or_(RosterReading.busy_until.is_(None), RosterReading.busy_until <= now),
        )
        .values(busy_until=now + LEASE)
    )
    if claimed.rowcount != 1:
        raise ConflictError("This course's list is being read just now. Look again in a minute.")


def _audit_asked(session: Session, course_id: int, *, actor: str, now: datetime) -> None:
    """Write down that somebody had the list read; what came of it stands beside the list."""
    audit.record(
        session,
        session.get_one(Course, course_id).institution_id,
        actor=actor,
        action="roster.asked",
        subject=f"course:{course_id}",
        now=now,
    )


def _get_reading(session: Session, course_id: int) -> RosterReading:
    return session.scalars(select(RosterReading).where(RosterReading.course_id == course_id)).one()


def _find_place(course_id: int) -> Place:
    """Read what the call needs, and let go of the database before the LMS is called."""
    session = db.session()
    try:
        course = session.get_one(Course, course_id)
        platform = session.get_one(Platform, course.platform_id)
        deployment = session.get_one(Deployment, course.deployment_pk)
        is_open = (
            platform.status is PlatformStatus.ACTIVE
            and deployment.status is DeploymentStatus.ACTIVE
        )
        if not is_open:
            raise RosterError(SWITCHED_OFF)
        if course.memberships_url is None:
            raise RosterError(NO_SERVICE)
        return Place(
            course_id=course_id,
            registration=Registration.of(platform, deployment),
            url=course.memberships_url,
        )
    finally:
        session.rollback()


def _describe_unreadable(count: int) -> str | None:
    if not count:
        return None
    return (
        f"The LMS listed {count} people without saying who they are; they were left out, and "
        "nobody was marked as gone this time."
    )
