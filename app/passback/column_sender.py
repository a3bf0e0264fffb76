"""Looks after gradebook columns: finds or makes them, changes and deletes them."""

from dataclasses import replace

from app.core.db import db, transaction
from app.mapping.copying import list_inherited_ids, list_taken_columns
from app.mapping.models import Assignment
from app.outbox.errors import RetryLaterError
from app.outbox.worker import Message
from app.passback.ags import LINEITEM, ColumnGoneError
from app.passback.desk import Desk
from app.passback.errands import Errand, read_errand
from app.passback.lineitems import Column, change_column, find_column, make_column
from app.passback.places import (
    keep_column,
    note_column_missing,
    release_column,
    reserve_column,
)
from app.passback.status_columns import DELETE, MAKE

GONE_WORDS = (
    "The gradebook column is gone from the LMS. Make the activity graded there and open "
    "it once; then we send this again by ourselves."
)


def find_or_make(desk: Desk, errand: Errand) -> str:
    """Return the address of a column that was unknown: found, or made.

    Raises: `RetryLaterError` while another worker is at it.
    """
    with transaction() as session:
        is_reserved = reserve_column(session, errand.place, now=desk.clock())
    if not is_reserved:
        raise RetryLaterError("The gradebook column is being made.")
    try:
        column = _with_relatives(errand)
        found = find_column(desk.ags, errand.gradebook, column)
        url = found or make_column(desk.ags, errand.gradebook, column)
        with transaction() as session:
            keep_column(session, errand.place, url)
    finally:
        with transaction() as session:
            release_column(session, errand.place, now=desk.clock())
    return url


def find_again(desk: Desk, errand: Errand, *, lost: str) -> str:
    """Look for a column that has moved. It is never made anew: somebody took it away.

    Raises: `ColumnGoneError`.
    """
    found = find_column(desk.ags, errand.gradebook, _with_relatives(errand))
    with transaction() as session:
        if found is not None and found != lost:
            keep_column(session, errand.place, found)
            return found
        note_column_missing(session, errand.place)
    raise ColumnGoneError(GONE_WORDS)


def _with_relatives(errand: Errand) -> Column:
    """Return the column with what tells it from those of copies and of other assignments."""
    if errand.place.assignment_id is None:
        return errand.column
    session = db.session()
    try:
        assignment = session.get_one(Assignment, errand.place.assignment_id)
        return replace(
            errand.column,
            inherited_ids=tuple(list_inherited_ids(session, assignment)),
            taken_urls=list_taken_columns(session, assignment),
        )
    finally:
        session.rollback()


class ColumnSender:
    """Delivers what is owed to a column itself: made, changed, deleted."""

    def __init__(self, desk: Desk) -> None:
        """Share the desk."""
        self._desk = desk

    def __call__(self, message: Message) -> None:
        """Do what the message says, or say why not."""
        errand = read_errand(message.payload, launch_url=f"{self._desk.base_url}/lti/launch")
        act = message.payload.get("act")
        with self._desk.calling(errand.platform_id):
            if act == DELETE:
                self._delete(errand)
            elif act == MAKE:
                self._make(errand)
            else:
                self._change(errand, dict(message.payload["changes"]))

    def _make(self, errand: Errand) -> None:
        if errand.lineitem_url is None and errand.is_wanted:
            find_or_make(self._desk, errand)

    def _delete(self, errand: Errand) -> None:
        """Delete a status column; one whose address never came back is looked for first."""
        if errand.is_wanted:
            return  # it was switched on again meanwhile
        gradebook = errand.gradebook
        url = errand.lineitem_url or find_column(self._desk.ags, gradebook, errand.column)
        if url is not None:
            self._desk.ags.delete_line_item(gradebook, url)
        with transaction() as session:
            keep_column(session, errand.place, None)

    def _change(self, errand: Errand, changes: dict[str, object]) -> None:
        """Tell the gradebook a new title, points or dates; without the right, it keeps the old."""
        if errand.lineitem_url is None or LINEITEM not in errand.gradebook.scopes:
            return
        try:
            change_column(self._desk.ags, errand.gradebook, errand.lineitem_url, changes)
        except ColumnGoneError:
            url = find_again(self._desk, errand, lost=errand.lineitem_url)
            change_column(self._desk.ags, errand.gradebook, url, changes)
