"""The tool, its worker, and the practice LMS as each of the LMSs that it may be, over HTTP."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import time_machine
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import select
from werkzeug.serving import make_server

from app import create_app
from app.catalog.service import list_mappable_versions
from app.cli.deliveries import delivery_handlers
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.courses.models import Course, LtiUser, ResourceLink
from app.mapping.models import Assignment
from app.outbox.models import Delivery
from app.outbox.worker import run_due
from app.passback.service import find_newest_delivery, queue_status, resend
from app.sandbox.database import Database
from app.sandbox.identities import subject_of
from app.sandbox.models import Activity, LineItem
from app.sandbox.people import get_known_person
from app.sandbox.profiles import PROFILES
from app.settings import Settings
from deploy.example import example_commands
from tests.conftest import SECRET
from tests.factories import make_assignment
from tests.practice_lms import LmsSession, running_lms

STUDENT, GRANTOR = "u-student-1", "u-grantor-1"
COURSE = "course-101"


@dataclass(frozen=True)
class Campus:
    """A running tool and a running practice LMS, with two people in front of it."""

    profile: str
    tool: str
    lms: str
    app: Flask
    database: Database
    staff: LmsSession
    student: LmsSession


class Desk:
    """One activity of a campus: its cell in the gradebook, and what the tool says to it."""

    def __init__(self, campus: Campus, clock: time_machine.Traveller) -> None:
        self.campus = campus
        self.clock = clock
        with campus.database.writing() as session:
            column = LineItem(course_id=COURSE, label="Essay", score_maximum=100.0)
            activity = Activity(course_id=COURSE, title="Essay", line_items=[column])
            session.add(activity)
            session.flush()
            self.activity_id, self.column_id = activity.id, column.id
        self.path = f"/courses/{COURSE}/activities/{self.activity_id}"
        self.open_as_instructor()
        campus.student.launch(self.path).raise_for_status()
        with campus.app.app_context(), transaction() as session:
            link = session.scalars(
                select(ResourceLink).filter_by(resource_link_id=f"link-{self.activity_id}")
            ).one()
            course = session.get_one(Course, link.course_id)
            version = next(
                each
                for each in list_mappable_versions(session, course.institution_id, now=utcnow())
                if each.name == "Literature Search and Synthesis"
            )
            self.assignment_id = make_assignment(session, course, version, link=link).id
            self.person_id = self._find_person(session, STUDENT)
            self.grantor_id = self._find_person(session, GRANTOR)
        self.deliver()  # where notices go, which the first launch owed

    def tell(
        self,
        status: str,
        *,
        points: int | None = None,
        comment: str = "",
        submitted_at: datetime | None = None,
    ) -> None:
        """Promise one status to the gradebook, as the rooms above passback do."""
        with self.campus.app.app_context(), transaction() as session:
            queue_status(
                session,
                session.get_one(Assignment, self.assignment_id),
                person_id=self.person_id,
                status=status,
                points=points,
                comment=comment,
                occurred_at=utcnow(),
                submitted_at=submitted_at,
                scored_by=self.grantor_id,
            )

    def deliver(self) -> int:
        """Let a worker try once what is due; return how many messages it tried."""
        app = self.campus.app
        with app.app_context():
            return run_due(delivery_handlers(app), clock=utcnow)

    def deliver_later(self, **wait: float) -> int:
        """Let time pass, then deliver."""
        self.clock.shift(timedelta(**wait))
        return self.deliver()

    def fail(self, service: str, kind: str, *, times: str = "1", seconds: float = 1) -> None:
        """Ask the practice LMS for a fault."""
        wish = {"service": service, "kind": kind, "times": times, "seconds": str(seconds)}
        self.campus.staff.post("/failures", wish).raise_for_status()

    def open_as_instructor(self) -> None:
        """Launch the activity as its instructor, which takes up what waits for the LMS."""
        self.campus.staff.launch(self.path).raise_for_status()

    def send_again(self) -> None:
        """Press “send again” on the class page."""
        with self.campus.app.app_context(), transaction() as session:
            assignment = session.get_one(Assignment, self.assignment_id)
            resend(session, assignment, person_id=self.person_id, actor="test", now=utcnow())

    def cell(self) -> str:
        """Return what the gradebook shows, up to the links."""
        shown = self.campus.staff.read_cell(COURSE, self.column_id, STUDENT)
        return re.split(r" Review submission| SpeedGrader| \d+ attempt", shown)[0]

    def attempts(self) -> int:
        """Return how many attempts the gradebook counts."""
        shown = self.campus.staff.read_cell(COURSE, self.column_id, STUDENT)
        found = re.search(r"(\d+) attempt", shown)
        return int(found[1]) if found else 0

    def columns(self) -> int:
        """Return how many columns the activity's title has."""
        with self.campus.database.reading() as session:
            return session.query(LineItem).filter_by(activity_id=self.activity_id).count()

    def find_column(self) -> int:
        """Return the id of the activity's only column."""
        with self.campus.database.reading() as session:
            return session.query(LineItem).filter_by(activity_id=self.activity_id).one().id

    def delivery(self) -> Delivery:
        """Return the newest message to the cell as it stands."""
        with self.campus.app.app_context():
            newest = find_newest_delivery(
                db.session(), assignment_id=self.assignment_id, person_id=self.person_id
            )
            assert newest is not None
            db.session().expunge(newest)
            return newest

    def _find_person(self, session: Any, person_id: str) -> int:
        sub = subject_of(PROFILES[self.campus.profile], get_known_person(person_id))
        return session.scalars(select(LtiUser.person_id).filter_by(sub=sub)).one()


def build_campus(stack: ExitStack, folder: Path, profile: str) -> Campus:
    """Start both servers, and fill the tool by the commands of a real installation."""
    listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    tool = f"http://localhost:{listening.getsockname()[1]}"
    app = create_app(
        Settings(
            base_url=tool,
            secret_key=SecretStr(SECRET),
            database_url=f"sqlite:///{folder / 'tool.sqlite'}",
            storage_dir=folder / "artifacts",
            undo_minutes=0,
            log_format="console",
        )
    )
    path = folder / "lms.sqlite"
    lms = stack.enter_context(running_lms(tool, path, profile=profile))
    for command in [("db", "upgrade"), *example_commands(lms, profile)]:
        result = app.test_cli_runner().invoke(args=list(command))
        assert result.exit_code == 0, (command, result.output, result.exception)
    server = make_server("127.0.0.1", 0, app, threaded=True, fd=listening.fileno())
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    stack.callback(_stop, server, thread, app)
    staff = stack.enter_context(LmsSession(lms))
    student = stack.enter_context(LmsSession(lms))
    student.sign_in(STUDENT)
    return Campus(profile, tool, lms, app, Database(path), staff, student)


def _stop(server: Any, thread: Thread, app: Flask) -> None:
    server.shutdown()
    thread.join()
    server.server_close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def campus_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Campus]]:
    """Return the campus of a profile, started when it is first asked for."""
    running: dict[str, Campus] = {}
    with ExitStack() as stack:

        def find(profile: str) -> Campus:
            if profile not in running:
                folder = tmp_path_factory.mktemp(profile)
                running[profile] = build_campus(stack, folder, profile)
            return running[profile]

        yield find


@pytest.fixture(scope="session")
def latest() -> list[datetime]:
    """How far the clock has come: the servers outlive a test, so it never goes back."""
    return []


@pytest.fixture
def clock(latest: list[datetime]) -> Iterator[time_machine.Traveller]:
    """The clock of tool and LMS, which runs on and may be put forward."""
    now = max([datetime.now(UTC), *latest])
    with time_machine.travel(now, tick=True) as traveller:
        yield traveller
        latest[:] = [datetime.now(UTC) + timedelta(seconds=5)]


@pytest.fixture
def desk(
    request: pytest.FixtureRequest,
    campus_of: Callable[[str], Campus],
    clock: time_machine.Traveller,
) -> Iterator[Desk]:
    """An activity of a course, mapped in the tool; the parameter names the profile."""
    campus = campus_of(getattr(request, "param", "standard"))
    campus.staff.post("/behaviour/details", {"allowed_attempts": ""}).raise_for_status()
    yield Desk(campus, clock)
    campus.staff.post("/failures/stop", {}).raise_for_status()
