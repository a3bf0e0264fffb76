"""Takes a promised score to the LMS: finds the column, posts, settles conflicts."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.core.clock import utcnow
from app.core.crypto import Vault
from app.core.db import db, transaction
from app.core.http import OutgoingClient
from app.mapping.columns import COLUMN_KIND
from app.outbox import service as outbox
from app.outbox.errors import PermanentError, SupersededError
from app.outbox.worker import Handler, Message
from app.passback import service
from app.passback.ags import RESULT_READONLY, ColumnGoneError, OutdatedError
from app.passback.cells import KIND, forget_found, note_found
from app.passback.column_sender import ColumnSender, find_again, find_or_make
from app.passback.comparer import Comparer
from app.passback.comparison import COMPARISON_KIND
from app.passback.desk import Desk
from app.passback.errands import Errand, read_errand
from app.passback.meaning import ONE_SECOND, given, grade_of, is_blank, is_same_grade, is_told
from app.passback.references import submission_address
from app.platforms.quirks import (
    announces_submission,
    erases_without_score,
    with_submission_address,
)

MAX_RESTAMPS = 3
LONGEST_CLOCK_LEAD = timedelta(hours=1)
CHANGED_WORDS = (
    "Somebody has set this grade in the gradebook by hand; it was left as it is. "
    "An instructor can replace it with ours on the class page."
)


def delivery_handlers(
    vault: Vault,
    http: OutgoingClient,
    base_url: str,
    *,
    clock: Callable[[], datetime] = utcnow,
) -> dict[str, Handler]:
    """Return who delivers what, for the outbox worker; one set per process, for its tokens."""
    desk = Desk(vault, http, base_url, clock=clock)
    return {
        KIND: ScoreSender(desk),
        COLUMN_KIND: ColumnSender(desk),
        COMPARISON_KIND: Comparer(desk),
    }


@dataclass(frozen=True)
class Job:
    """One score on its way; `body` is what is posted, `score` the same, read."""

    message: Message
    errand: Errand
    body: str
    score: Mapping[str, Any]

    @property
    def overwrites(self) -> bool:
        """Whether a person asked that it replaces a grade set by hand."""
        return bool(self.message.payload.get("overwrites"))

    @property
    def may_destroy(self) -> bool:
        """Whether the post could take away what somebody else entered, and we can look.

        The very first score of a learner, posted with a grade, finds nothing:
        handing in was announced before, and that announcement looks.
        """
        if self.overwrites or RESULT_READONLY not in self.errand.gradebook.scopes:
            return False
        if "scoreGiven" not in self.score:
            return erases_without_score(self.errand.gradebook.family)
        return not self.message.payload.get("is_first")


class ScoreSender:
    """Delivers scores; holds no transaction while it waits for the LMS."""

    def __init__(self, desk: Desk) -> None:
        """Share the desk."""
        self._desk = desk
        self._launch_url = f"{desk.base_url}/lti/launch"

    def __call__(self, message: Message) -> None:
        """Deliver one score, or say why not."""
        job = self._read(message)
        if not job.errand.is_wanted:
            raise SupersededError("The column was switched off.")
        with self._desk.calling(job.errand.platform_id):
            self._send(job)
        if job.overwrites:
            with transaction() as session:
                place, person_id = job.errand.place, message.payload["person_id"]
                forget_found(session.scalars(place.cell(person_id)).one())

    def _read(self, message: Message) -> Job:
        errand = read_errand(message.payload, launch_url=self._launch_url)
        body: str = message.payload["body"]
        score: dict[str, Any] = json.loads(body)
        if announces_submission(score) and errand.place.assignment_id is not None:
            address = submission_address(
                self._desk.vault,
                self._launch_url,
                assignment_id=errand.place.assignment_id,
                person_id=message.payload["person_id"],
            )
            score = with_submission_address(score, address)
            body = json.dumps(score, ensure_ascii=False)
        return Job(message, errand, body, score)

    def _send(self, job: Job) -> None:
        url = job.errand.lineitem_url or find_or_make(self._desk, job.errand)
        try:
            self._post(job, url)
        except ColumnGoneError:
            self._post(job, find_again(self._desk, job.errand, lost=url))

    def _post(self, job: Job, url: str) -> None:
        if job.may_destroy:
            self._refuse_if_changed(job, url)
        try:
            self._desk.ags.post_score(job.errand.gradebook, url, job.body)
        except OutdatedError as error:
            self._settle(job, url, told_at=error.told_at)

    def _refuse_if_changed(self, job: Job, url: str) -> None:
        """Leave a grade that does not come from us; a person decides what becomes of it."""
        result = self._desk.ags.find_result(job.errand.gradebook, url, job.score["userId"])
        found = grade_of(result)
        ours = [job.score, *self._list_earlier(job)] if found is not None else []
        if found is None or any(is_same_grade(given(score), found) for score in ours):
            return
        self._note_found(job, result)
        raise PermanentError(CHANGED_WORDS)

    def _settle(self, job: Job, url: str, *, told_at: datetime | None) -> None:
        """Deal with a gradebook whose entry is not older than ours.

        If it already says what we say, a lost receipt is all that happened. If
        it says what we said before, or nothing, our decision is the newer one,
        whatever the clocks say (Canvas stamps an entry when it arrives). Else
        somebody changed it, and it stays, unless a person asked to replace it.
        """
        if RESULT_READONLY not in job.errand.gradebook.scopes:
            raise PermanentError(
                "The gradebook holds an entry of the same or a later time, which the tool may not "
                "read. Compare it there; if it is not right, send this again."
            )
        result = self._desk.ags.find_result(job.errand.gradebook, url, job.score["userId"])
        if is_told(job.score, result):
            return
        is_ours = is_blank(result) or any(
            is_told(score, result) for score in self._list_earlier(job)
        )
        if not is_ours and not job.overwrites:
            self._note_found(job, result)
            raise PermanentError(CHANGED_WORDS)
        if int(job.message.payload.get("restamps", 0)) >= MAX_RESTAMPS:
            raise PermanentError(
                "The gradebook takes every time that we name for too early: its clock, or an entry "
                "in it, is far ahead. Tell the LMS's administrator, then send this again."
            )
        now = self._desk.clock()
        at = max(now, min(told_at + ONE_SECOND, now + LONGEST_CLOCK_LEAD)) if told_at else now
        with transaction() as session:
            service.restamp(
                session, job.message.delivery_id, at=at, due_at=job.message.due_at, now=now
            )
        raise SupersededError("Queued again with a later time.")

    def _note_found(self, job: Job, result: Mapping[str, Any] | None) -> None:
        with transaction() as session:
            cell = session.scalar(job.errand.place.cell(job.message.payload["person_id"]))
            if cell is not None:
                note_found(cell, result, now=self._desk.clock())

    def _list_earlier(self, job: Job) -> list[dict[str, Any]]:
        """Return the scores that were to be told before this one, newest first."""
        session = db.session()
        try:
            earlier = outbox.list_before(
                session, job.message.subject, delivery_id=job.message.delivery_id
            )
            return [json.loads(delivery.payload["body"]) for delivery in earlier]
        finally:
            session.rollback()
