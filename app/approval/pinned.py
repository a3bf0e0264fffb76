"""The rules that a proposal was begun under, and what they ask of it. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from app.programme.rules import (
    Audience,
    ProgrammeRules,
    Question,
    ReviewCriterion,
    ReviewerGroup,
    Route,
    Step,
    steps_for,
)

YES, NO = "yes", "no"
MAX_NUMBER: Final = 10**9
Answer = str | list[str] | None


class PinnedRules(BaseModel):
    """A copy of what the programme said about proposals of one level, for one audience.

    A newly loaded preset does not change it. `route`: `None` only where the
    programme had none, and the approval was made elsewhere.
    """

    model_config = ConfigDict(frozen=True)

    level_name: str
    audience: Audience | None = None
    route: Route | None = None
    groups: list[ReviewerGroup] = []
    questions: list[Question] = []
    review_criteria: list[ReviewCriterion] = []

    @property
    def steps(self) -> list[Step]:
        """The steps to take, in order."""
        if self.route is None:
            return []
        return steps_for(self.route, self.audience.key if self.audience else None)

    def group(self, key: str) -> ReviewerGroup:
        """Return the group of this key; the preset's check says that there is one."""
        return next(group for group in self.groups if group.key == key)

    def find_step(self, key: str | None) -> Step | None:
        """Return the step of this key, if the route has it."""
        return next((step for step in self.steps if step.key == key), None)


def pin_rules(
    rules: ProgrammeRules, *, level_key: str, level_name: str, route_key: str, audience: str | None
) -> PinnedRules:
    """Copy what the programme says now."""
    route = rules.find_route(route_key)
    steps = steps_for(route, audience) if route else []
    groups = {step.group for step in steps}
    return PinnedRules(
        level_name=level_name,
        audience=next((each for each in rules.audience if each.key == audience), None),
        route=route,
        groups=[group for group in rules.group if group.key in groups],
        questions=rules.questions_for(level_key),
        review_criteria=rules.review_criterion if any(step.scores for step in steps) else [],
    )


def list_unanswered(pinned: PinnedRules, answers: Mapping[str, Any]) -> list[Question]:
    """Return the questions that must still be answered, in their order."""
    return [
        question
        for question in pinned.questions
        if question.required and not answers.get(question.key)
    ]


def why_wrong(question: Question, answer: Answer) -> str | None:
    """Say what is wrong with an answer's form; `None` if it can be kept, empty ones too."""
    if not answer:
        return None
    if question.kind == "number":
        return None if _is_number(answer) else "Give a whole number, such as 120"
    if question.kind == "date":
        return None if _is_date(answer) else "Give a day, such as 2027-06-30"
    allowed = [YES, NO] if question.kind == "yes_no" else question.choices
    if question.kind in {"choice", "choices", "yes_no"}:
        chosen = answer if isinstance(answer, list) else [answer]
        if any(item not in allowed for item in chosen):
            return "Choose from this list only; if that does not help, reload the page"
    return None


def _is_number(answer: Answer) -> bool:
    return (
        isinstance(answer, str)
        and answer.isascii()
        and answer.isdecimal()
        and len(answer) <= len(str(MAX_NUMBER))
        and int(answer) <= MAX_NUMBER
    )


def _is_date(answer: Answer) -> bool:
    try:
        return isinstance(answer, str) and bool(date.fromisoformat(answer))
    except ValueError:
        return False
