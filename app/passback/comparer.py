"""Asks a gradebook what it holds, and has it compared."""

from app.core.db import transaction
from app.outbox.worker import Message
from app.passback.ags import RESULT_READONLY, ColumnGoneError
from app.passback.column_sender import find_again
from app.passback.comparison import compare
from app.passback.desk import Desk
from app.passback.errands import read_errand


class Comparer:
    """Delivers a promise to compare: reads all results of a column, page by page."""

    def __init__(self, desk: Desk) -> None:
        """Share the desk."""
        self._desk = desk

    def __call__(self, message: Message) -> None:
        """Compare one column; a column that is gone is noted, and there is nothing to compare."""
        errand = read_errand(message.payload, launch_url=f"{self._desk.base_url}/lti/launch")
        if errand.lineitem_url is None or RESULT_READONLY not in errand.gradebook.scopes:
            return
        asked_at = self._desk.clock()
        with self._desk.calling(errand.platform_id):
            try:
                found = list(self._desk.ags.list_results(errand.gradebook, errand.lineitem_url))
            except ColumnGoneError:
                url = find_again(self._desk, errand, lost=errand.lineitem_url)
                found = list(self._desk.ags.list_results(errand.gradebook, url))
        results = {item["userId"]: item for item in found if isinstance(item.get("userId"), str)}
        with transaction() as session:
            compare(
                session,
                message.payload["assignment_id"],
                results,
                asked_at=asked_at,
                now=self._desk.clock(),
            )
