"""The LMS's services without a wire, for tests of what is said rather than how it travels."""

import json
import time
from typing import Any

import requests

from app.sandbox.addresses import below_line_item, line_item_url
from app.sandbox.config import LmsConfig
from app.sandbox.factory import create_lms
from app.sandbox.identities import subject_of
from app.sandbox.lms import EXTENSION, PROFILE
from app.sandbox.models import AccessToken, LineItem
from app.sandbox.people import get_known_person
from app.sandbox.tokens import _hash
from app.sandbox.vocabulary import LINE_ITEM, LINE_ITEM_TYPE, RESULT_READ, SCORE, SCORE_TYPE

ISSUER = "http://lms.test"
TOOL_URL = "http://localhost:1"  # nobody answers there


class Service:
    """Calls the services with a token of whatever scopes a test wants."""

    def __init__(self, database_path) -> None:
        self.config = LmsConfig(ISSUER, TOOL_URL, database_path)
        self.lms = create_lms(self.config)
        self.database = self.lms.extensions[EXTENSION].database
        self.client = self.lms.test_client()

    @property
    def profile(self):
        return self.lms.extensions[EXTENSION].profile

    def behave_as(self, name: str) -> None:
        self.database.choose(PROFILE, name)

    def sub(self, person_id: str) -> str:
        """Return what the tool knows a person by now."""
        return subject_of(self.profile, get_known_person(person_id))

    def call(
        self, method: str, address: str, scope: str, body: Any = None, media_type: str = "", **kw
    ):
        headers = {"Authorization": f"Bearer {self.token(scope)}", **kw.pop("headers", {})}
        if body is not None:
            kw |= {"data": json.dumps(body), "content_type": media_type}
        return self.client.open(address.removeprefix(ISSUER), method=method, headers=headers, **kw)

    def token(self, scope: str, *, seconds: int = 3600) -> str:
        with self.database.writing() as session:
            session.merge(
                AccessToken(
                    token_hash=_hash(scope), scope=scope, expires_at=int(time.time()) + seconds
                )
            )
        return scope

    def post_score(self, item: int = 1, media_type: str = SCORE_TYPE, **changed: Any):
        score = {
            "userId": self.sub("u-student-1"),
            "timestamp": "2026-11-24T10:00:00.000+00:00",
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "scoreGiven": 4,
            "scoreMaximum": 5,
            "comment": "Level I awarded",
        } | changed
        score = {name: value for name, value in score.items() if value is not ...}
        return self.call("POST", self.scores(item), SCORE, score, media_type)

    def scores(self, item: int = 1) -> str:
        return self.below(item, "scores")

    def below(self, item: int, name: str) -> str:
        found = LineItem(id=item, course_id="course-101")
        return below_line_item(self.config, self.profile, found, name).removeprefix(ISSUER)

    def line_item(self, item: int = 1) -> str:
        found = LineItem(id=item, course_id="course-101")
        return line_item_url(self.config, self.profile, found).removeprefix(ISSUER)

    def result(self, person_id: str = "u-student-1", item: int = 1) -> dict[str, Any] | None:
        """Return what stands in the gradebook for somebody, as the results service tells it."""
        answer = self.call("GET", self.below(item, "results"), RESULT_READ)
        assert answer.status_code == 200
        return next((each for each in answer.json if each["userId"] == self.sub(person_id)), None)

    def post_line_item(self, media_type: str = LINE_ITEM_TYPE, **facts: Any):
        return self.call("POST", "/lti/courses/course-101/lineitems", LINE_ITEM, facts, media_type)


def post_over_http(tool: Any, lms: str, **kw: Any) -> requests.Response:
    """Post half the points for the first student over a real wire."""
    score = {
        "userId": "u-student-1",
        "timestamp": "2026-11-24T10:00:00Z",
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "scoreGiven": 1,
        "scoreMaximum": 2,
    }
    headers = tool.bearer(lms, SCORE) | {"Content-Type": SCORE_TYPE}
    return requests.post(
        f"{lms}/lti/courses/course-101/lineitems/1/scores?type_id=1",
        json=score,
        headers=headers,
        **kw,
    )
