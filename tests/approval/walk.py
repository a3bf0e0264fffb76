"""A proposal on its way, by what people do on the pages."""

from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from app.approval.models import Proposal, ProposalEvent
from app.catalog.content import content_of
from app.catalog.drafts import save_draft

ANSWERS = {
    "question_need": "Employers ask for it.",
    "question_holder_can": "Interview a witness.",
    "question_volume": "40",
    "question_skills_basis": ["An industry standard", "A professional body"],
    "question_outcomes": "Each shows one.",
    "question_environment": "A simulated interview.",
    "question_evidence": "A recording.",
    "question_assessment": "By rubric; again once.",
    "question_days": "14",
    "question_grantors": "Two trained interviewers.",
    "question_trained": "yes",
    "question_evaluation": "Every year.",
    "question_review_date": "2027-06-30",
}
BEGIN = {
    "name": "Interviewing Witnesses",
    "level": "badge_1",
    "issuer": "college",
    "unit": "department of  examples",
    "audience": "students",
}


class Walk:
    """One proposal; each method is one thing that somebody does in a browser of theirs."""

    def __init__(self, session: Any, browser: Any, world: Any, seats: Any) -> None:
        self.session = session
        self._browser = browser
        self.world = world
        self.seats = seats
        self.proposer = world.instructor
        self.id = 0
        self._browsers: dict[int, Any] = {}

    def of(self, person: Any) -> Any:
        """Return a person's own browser."""
        if person.id not in self._browsers:
            self._browsers[person.id] = self._browser(person)
        return self._browsers[person.id]

    @property
    def proposal(self) -> Proposal:
        """The proposal as the database has it now."""
        self.session.expire_all()
        return self.session.get_one(Proposal, self.id)

    @property
    def events(self) -> list[ProposalEvent]:
        self.session.expire_all()
        return list(
            self.session.scalars(
                select(ProposalEvent)
                .where(ProposalEvent.proposal_id == self.id)
                .order_by(ProposalEvent.number)
            )
        )

    def begin(self, **changes: Any) -> TestResponse:
        page = self.of(self.proposer).post(
            f"/courses/{self.world.course.id}/proposals/new", data=BEGIN | changes
        )
        if page.location:
            self.id = int(page.location.split("/")[2])
        return page

    def write_content(self, **changes: Any) -> None:
        """Fill the draft; its editor is the catalogue's."""
        version = self.proposal.version
        kept = version.draft or {}
        model = content_of(self.world.level_1).model_dump(mode="json")
        whole = {name: value for name, value in model.items() if name not in {"name", "slug"}}
        save_draft(self.session, version, {**whole, **kept, **changes})
        self.session.commit()

    def answer(self, **changes: Any) -> TestResponse:
        return self.of(self.proposer).post(f"/proposals/{self.id}/edit", data=ANSWERS | changes)

    def submit(self) -> TestResponse:
        return self.of(self.proposer).post(f"/proposals/{self.id}/submit")

    def to_review(self, **changes: Any) -> None:
        """Begin, complete and submit."""
        assert self.begin(**changes).status_code == 303
        self.write_content()
        assert self.answer().status_code == 303
        assert self.submit().status_code == 303

    def seen(self, prefix: str = "") -> dict[str, Any]:
        proposal = self.proposal
        step = proposal.step
        return {
            f"{prefix}seen_round": proposal.round,
            f"{prefix}seen_step": step.key if step else "none",
        }

    def vote(self, person: Any, vote: str = "for", **said: Any) -> TestResponse:
        scores = {}
        step = self.proposal.step
        if step is not None and step.scores:
            scores = {
                f"score_{criterion.key}": "2" for criterion in self.proposal.pinned.review_criteria
            }
        data = {**self.seen(), "vote": vote, **scores, **said}
        return self.of(person).post(f"/proposals/{self.id}/review", data=data)

    def close(self, person: Any, act: str = "carry", reason: str = "", **said: Any) -> TestResponse:
        data = {**self.seen("close-"), "act": act, "close-reason": reason, **said}
        return self.of(person).post(f"/proposals/{self.id}/close", data=data)

    def carry(self, *people: Any) -> None:
        """Let these people vote for it, and the first of them close the step."""
        for person in people:
            assert self.vote(person).status_code == 303
        assert self.close(people[0]).status_code == 303

    def to_committee(self) -> None:
        """Carry the two steps before the committee's."""
        self.carry(self.seats.skills)
        self.carry(self.seats.leader)

    def to_last_step(self) -> None:
        """Carry every step but the executive's."""
        self.to_committee()
        self.carry(*self.seats.committee[:3])

    def text(self, person: Any, page: str = "") -> str:
        return self.of(person).get(f"/proposals/{self.id}{page}").text
