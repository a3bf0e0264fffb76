"""The LMS's services without a wire, for tests of what is said rather than how it travels."""

import json
import time
from typing import Any

from app.sandbox.config import LmsConfig
from app.sandbox.factory import create_lms
from app.sandbox.lms import EXTENSION
from app.sandbox.models import AccessToken
from app.sandbox.tokens import _hash
from app.sandbox.vocabulary import LINE_ITEM, LINE_ITEM_TYPE, SCORE, SCORE_TYPE

ISSUER = "http://lms.test"
TOOL_URL = "http://localhost:1"  # nobody answers there


class Service:
    """Calls the services with a token of whatever scopes a test wants."""

    def __init__(self, database_path) -> None:
        self.config = LmsConfig(ISSUER, TOOL_URL, database_path)
        self.lms = create_lms(self.config)
        self.database = self.lms.extensions[EXTENSION].database
        self.client = self.lms.test_client()

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
            "userId": "u-student-1",
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
        return f"/lti/courses/course-101/lineitems/{item}/scores?type_id=1"

    def post_line_item(self, media_type: str = LINE_ITEM_TYPE, **facts: Any):
        return self.call("POST", "/lti/courses/course-101/lineitems", LINE_ITEM, facts, media_type)
