"""Takes a promised score to the LMS: finds the column, posts, settles conflicts."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.core.clock import utcnow
from app.core.crypto import Vault
from app.core.db import db, transaction
from app.core.http import CallError, OutgoingClient
from app.mapping.copying import list_inherited_ids, list_taken_columns
from app.mapping.models import Assignment
from app.outbox import service as outbox
from app.outbox.errors import ParkedError, PermanentError, RetryLaterError, SupersededError
from app.outbox.worker import Handler, Message
from app.passback import service
from app.passback.ags import RESULT_READONLY, AgsClient, ColumnGoneError, Gradebook, OutdatedError
from app.passback.lineitems import Column, find_column, make_column
from app.passback.meaning import ONE_SECOND, is_blank, is_told
from app.platforms.models import Deployment, Platform, PlatformStatus
from app.platforms.service import active_tool_key
from app.platforms.tokens import Registration, TokenSource

PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
MAX_RESTAMPS = 3
LONGEST_CLOCK_LEAD = timedelta(hours=1)


def delivery_handlers(
    vault: Vault,
    http: OutgoingClient,
    base_url: str,  # noqa: ARG001 (every room's handlers are made with the same three)
    *,
    clock: Callable[[], datetime] = utcnow,
) -> dict[str, Handler]:
    """Return who delivers what, for the outbox worker; one set per process, for its tokens."""
    return {service.KIND: ScoreSender(vault, http, clock=clock)}


@dataclass(frozen=True)
class Job:
    """Everything that sending one score needs, read before the LMS is called.

    `earlier`: the scores that were to be told before this one, newest first.
    `lineitem_url`: `None` while the column is unknown.
    """

    message: Message
    gradebook: Gradebook
    column: Column
    assignment_id: int
    lineitem_url: str | None
    body: str
    earlier: tuple[dict[str, Any], ...]

    @property
    def score(self) -> dict[str, Any]:
        """The body, read."""
        score: dict[str, Any] = json.loads(self.body)
        return score


class ScoreSender:
    """Delivers scores; holds no transaction while it waits for the LMS.

    A platform that cannot be reached is left alone for a while, so that its
    messages do not hold up those of the others, fifteen seconds each; so is one
    that asks us to wait.
    """

    def __init__(
        self, vault: Vault, http: OutgoingClient, *, clock: Callable[[], datetime]
    ) -> None:
        """Prepare the client; tokens are kept as long as this object lives."""
        self._vault = vault
        self._clock = clock
        self._ags = AgsClient(
            http, TokenSource(http, signing_key=self._read_signing_key, clock=clock)
        )
        self._paused_until: dict[int, datetime] = {}

    def __call__(self, message: Message) -> None:
        """Deliver one score, or say why not."""
        job = _read_job(message)
        platform_id = job.gradebook.registration.platform_id
        rest = self._paused_until.get(platform_id, self._clock()) - self._clock()
        if rest > timedelta(0):
            raise RetryLaterError(
                "The LMS could not be reached, or asked us to wait, a moment ago.", after=rest
            )
        try:
            self._send(job)
        except CallError as error:
            self._paused_until[platform_id] = self._clock() + PAUSE
            raise RetryLaterError(f"The LMS could not be reached. {error}") from error
        except RetryLaterError as error:
            if error.after is not None:
                self._paused_until[platform_id] = self._clock() + min(error.after, LONGEST_PAUSE)
            raise

    def _send(self, job: Job) -> None:
        url = job.lineitem_url or self._find_or_make_column(job)
        try:
            self._post(job, url)
        except ColumnGoneError:
            self._post(job, self._find_column_again(job, lost=url))

    def _post(self, job: Job, url: str) -> None:
        try:
            self._ags.post_score(job.gradebook, url, job.body)
        except OutdatedError as error:
            self._settle(job, url, told_at=error.told_at)

    def _settle(self, job: Job, url: str, *, told_at: datetime | None) -> None:
        """Deal with a gradebook whose entry is not older than ours.

        If it already says what we say, a lost receipt is all that happened. If
        it says what we said before, or nothing, our decision is the newer one,
        whatever the clocks say (Canvas stamps an entry when it arrives). Else
        somebody changed it, and it stays.
        """
        if RESULT_READONLY not in job.gradebook.scopes:
            raise PermanentError(
                "The gradebook holds an entry of the same or a later time, which the tool may not "
                "read. Compare it there; if it is not right, send this again."
            )
        result = self._ags.find_result(job.gradebook, url, job.score["userId"])
        if is_told(job.score, result):
            return
        if not is_blank(result) and not any(is_told(score, result) for score in job.earlier):
            raise PermanentError(
                "The gradebook holds a later entry that does not come from this tool; it was left "
                "as it is. To replace it, send this again."
            )
        if int(job.message.payload.get("restamps", 0)) >= MAX_RESTAMPS:
            raise PermanentError(
                "The gradebook takes every time that we name for too early: its clock, or an entry "
                "in it, is far ahead. Tell the LMS's administrator, then send this again."
            )
        now = self._clock()
        at = max(now, min(told_at + ONE_SECOND, now + LONGEST_CLOCK_LEAD)) if told_at else now
        with transaction() as session:
            service.restamp(
                session, job.message.delivery_id, at=at, due_at=job.message.due_at, now=now
            )
        raise SupersededError("Queued again with a later time.")

    def _find_or_make_column(self, job: Job) -> str:
        now = self._clock()
        with transaction() as session:
            is_reserved = service.reserve_column(session, job.assignment_id, now=now)
        if not is_reserved:
            raise RetryLaterError("The gradebook column is being made.")
        try:
            found = find_column(self._ags, job.gradebook, job.column)
            url = found or make_column(self._ags, job.gradebook, job.column)
            with transaction() as session:
                service.keep_column(session, job.assignment_id, url)
        finally:
            with transaction() as session:
                service.release_column(session, job.assignment_id, now=self._clock())
        return url

    def _find_column_again(self, job: Job, *, lost: str) -> str:
        """Look for a column that has moved. It is never made anew: somebody took it away."""
        found = find_column(self._ags, job.gradebook, job.column)
        with transaction() as session:
            if found is not None and found != lost:
                service.keep_column(session, job.assignment_id, found)
                return found
            service.note_column_missing(session, job.assignment_id)
        raise ColumnGoneError(
            "The gradebook column is gone from the LMS. Make the activity graded there and open "
            "it once; then we send this again by ourselves."
        )

    def _read_signing_key(self) -> tuple[str, str]:
        session = db.session()
        try:
            return active_tool_key(session, self._vault)
        finally:
            session.rollback()


def _read_job(message: Message) -> Job:
    """Read what the message needs, and let go of the database before the LMS is called."""
    session = db.session()
    try:
        assignment = session.get(Assignment, message.payload["assignment_id"])
        if assignment is None:
            raise PermanentError("The assignment no longer exists; there is nothing to tell.")
        course, link = assignment.course, assignment.resource_link
        platform = session.get_one(Platform, course.platform_id)
        deployment = session.get_one(Deployment, course.deployment_pk)
        if platform.status is not PlatformStatus.ACTIVE:
            raise ParkedError("The connection to this LMS is switched off in the tool.")
        earlier = outbox.list_before(session, message.subject, delivery_id=message.delivery_id)
        return Job(
            message=message,
            gradebook=Gradebook(
                registration=Registration(
                    platform_id=platform.id,
                    client_id=platform.client_id,
                    token_url=platform.token_url,
                    audience=platform.token_audience or platform.token_url,
                    deployment_id=deployment.deployment_id,
                ),
                family=platform.product_family,
                scopes=frozenset(course.ags_scopes),
                lineitems_url=course.lineitems_url,
            ),
            column=Column(
                label=assignment.title,
                max_points=assignment.max_points,
                resource_id=assignment.uuid,
                resource_link_id=link.resource_link_id if link else None,
                inherited_ids=tuple(list_inherited_ids(session, assignment)),
                taken_urls=list_taken_columns(session, assignment),
            ),
            assignment_id=assignment.id,
            lineitem_url=assignment.lineitem_url,
            body=message.payload["body"],
            earlier=tuple(json.loads(delivery.payload["body"]) for delivery in earlier),
        )
    finally:
        session.rollback()
