"""The independent platform's gradebook and roster: `lti1p3platform`'s services, data in memory."""

from typing import Any

import flask
from lti1p3platform.exceptions import LineItemNotFoundException
from lti1p3platform.membership import Context
from lti1p3platform.score import UpdateScoreStatus
from lti1p3platform.service_connector import AssignmentsGradesService, NamesRoleProvisioningService

from tests.independent.platform import COURSE, PEOPLE, FlaskRequest, IndependentPlatform

# A platform need not give as many at once as it is asked for.
MEMBERS_PAGE = 2


class GradebookService(AssignmentsGradesService):
    """The gradebook in memory."""

    def __init__(self, platform: IndependentPlatform, line_item_id: str = "") -> None:
        super().__init__(
            FlaskRequest(flask.request),
            platform.configuration(),
            platform.lineitems_url,
            platform.line_item_url(line_item_id),
        )
        self.platform, self.records = platform, platform.records

    def find_lineitems(
        self,
        page: int = 1,
        limit: int | None = None,
        line_item_id: str | None = None,
        resource_link_id: str | None = None,
        resource_id: str | None = None,
        tag: str | None = None,
    ) -> Any:
        wanted = {"resourceLinkId": resource_link_id, "resourceId": resource_id, "tag": tag}
        found = [
            item
            for item in self.records.line_items.values()
            if all(item.get(name) == value for name, value in wanted.items() if value)
        ]
        return page_of(found, page, limit)

    def find_lineitem(self, line_item_id: str) -> Any:
        if line_item_id not in self.records.line_items:
            raise LineItemNotFoundException
        return self.records.line_items[line_item_id]

    def create_lineitem(self, creation_data: Any) -> Any:
        return self.platform.add_line_item(creation_data)

    def update_lineitem(self, update_data: Any) -> Any:
        item = self.find_lineitem(update_data.pop("id"))
        item.update(update_data)
        return item

    def delete_lineitem(self, line_item_id: str) -> None:
        self.find_lineitem(line_item_id)
        del self.records.line_items[line_item_id]

    def update_score(self, line_item_id: str, score: Any) -> UpdateScoreStatus:
        self.find_lineitem(line_item_id)
        column = self.platform.line_item_url(line_item_id)
        key = (column, score["userId"])
        earlier = [told for told in self.records.scores if (told["scoreOf"], told["userId"]) == key]
        if any(told["timestamp"] >= score["timestamp"] for told in earlier):
            return UpdateScoreStatus.OLD_TIMESTAMP
        content_type = self.request.content_type
        self.records.scores.append(score | {"scoreOf": column, "content_type": content_type})
        return UpdateScoreStatus.SUCCESS

    def get_results(
        self,
        line_item_id: str,
        page: int = 1,
        limit: int | None = None,
        user_id: str | None = None,
    ) -> Any:
        self.find_lineitem(line_item_id)
        column = self.platform.line_item_url(line_item_id)
        newest = {
            told["userId"]: told
            for told in self.records.scores
            if told["scoreOf"] == column and user_id in {None, told["userId"]}
        }
        results = [
            {
                "id": f"{column}/results/{told['userId']}",
                "scoreOf": column,
                "userId": told["userId"],
                "resultScore": told.get("scoreGiven"),
                "resultMaximum": told.get("scoreMaximum", 1),
                "comment": told.get("comment"),
            }
            for told in newest.values()
        ]
        return page_of(results, page, limit)


class MembersService(NamesRoleProvisioningService):
    """The course's people."""

    def __init__(self, platform: IndependentPlatform) -> None:
        request = FlaskRequest(flask.request)
        super().__init__(request, platform.configuration(), platform.memberships_url)

    def get_member_data_page(
        self, page: int = 1, limit: int | None = None, role: str | None = None, **_unused: Any
    ) -> Any:
        members = [
            {"user_id": person.id, "roles": [person.role], "name": person.name}
            for person in PEOPLE.values()
            if role in {None, person.role}
        ]
        return page_of(members, page, min(limit or MEMBERS_PAGE, MEMBERS_PAGE))

    def get_context_by_id(self) -> Context:
        return Context(COURSE, "IND", "Independent Study")


def page_of(items: list[Any], page: int, limit: int | None) -> dict[str, Any]:
    """Return one page of a list, in the package's shape."""
    size = limit or max(len(items), 1)
    shown = items[(page - 1) * size : page * size]
    return {"content": shown, "has_next": page * size < len(items), "next": None}
