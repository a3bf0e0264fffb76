"""A group at one assignment, as its learners' browsers send it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.evidence.group_models import GroupInvitation


@dataclass(frozen=True)
class Team:
    """Browsers of several learners at one assignment."""

    browser: Any
    session: Any
    place: str

    def post(self, person, path: str, /, **data):
        return self.browser(person).post(f"{self.place}/{path}", data=data, follow_redirects=True)

    def page(self, person, path: str = "work"):
        return self.browser(person).get(f"{self.place}/{path}", follow_redirects=True)

    def invite(self, person, other):
        return self.post(person, "group/invitations", person=other.id)

    def invitation(self, person) -> GroupInvitation:
        self.session.rollback()
        self.session.expire_all()
        return self.session.scalars(
            select(GroupInvitation)
            .where(GroupInvitation.person_id == person.id)
            .order_by(GroupInvitation.id.desc())
        ).first()

    def answer(self, person, what: str = "accept", invitation_id: int | None = None):
        number = invitation_id or self.invitation(person).id
        return self.post(person, f"group/invitations/{number}/{what}")

    def gather(self, lead, *others):
        for other in others:
            self.invite(lead, other)
            assert "You are in the group now" in self.answer(other).text

    def send(self, person, *, button: str = "hand_in", **fields):
        return self.post(person, "work", **{button: "1"}, **fields)

    def send_without(self, lead, *invited, **fields):
        numbers = [str(self.invitation(person).id) for person in invited]
        return self.post(lead, "work", hand_in="1", without=numbers, **fields)
