"""The programme's rules beside its levels: who approves what, what is asked, how it is reviewed.

All of it comes from the preset and is kept as one document per institution, so
that a proposal can keep the rules that it was begun under. Pure.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.programme.wording import Key, Line, Prose

ALL_REQUIRED: Final = "all_required"
K_OF_N: Final = "k_of_n"
WEIGHTED: Final = "weighted"
PassRuleKind = Literal["all_required", "k_of_n", "weighted"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Keyed(_Part):
    """Something that is known by its key, for ever."""

    key: Key


class Audience(Keyed):
    """For whom a micro-credential is meant; a route's steps may depend on it."""

    name: Line = Field(max_length=120)


class ReviewerGroup(Keyed):
    """Those who decide in a step, such as the committee.

    `by_unit`: its members are appointed for one issuing unit each, and only
    those of the proposal's unit decide.
    """

    name: Line = Field(max_length=120)
    by_unit: bool = False


class Step(Keyed):
    """One step of a route.

    `group`: key of the reviewers who decide. `quorum`: how many of them must
    have voted before it is decided; more votes for than against carry it.
    `scores`: each vote scores the review rubric. `audiences`: the step is
    taken for these only; empty: for all.
    """

    name: Line = Field(max_length=120)
    description: Prose | None = Field(default=None, max_length=1000)
    group: Key
    quorum: Annotated[int, Field(ge=1, le=50)] = 1
    scores: bool = False
    audiences: list[Key] = Field(default_factory=list, max_length=20)


class Route(Keyed):
    """How an achievement is approved: steps, one after another.

    `months`: for how long an approval holds; `None`: until it is changed.
    """

    name: Line = Field(max_length=120)
    months: Annotated[int, Field(ge=1, le=600)] | None = None
    step: list[Step] = Field(min_length=1, max_length=20)


class Question(Keyed):
    """One question of the proposal form.

    `levels`: asked for these only (keys); empty: for all. `choices`: for kind
    `choice` or `choices`.
    """

    section: Line = Field(max_length=120)
    label: Line = Field(max_length=300)
    hint: Prose | None = Field(default=None, max_length=1000)
    kind: Literal["line", "prose", "choice", "choices", "yes_no", "number", "date"] = "prose"
    choices: list[Line] = Field(default_factory=list, max_length=30)
    required: bool = True
    levels: list[Key] = Field(default_factory=list, max_length=50)

    @model_validator(mode="after")
    def _check_choices(self) -> "Question":
        if self.kind in {"choice", "choices"} and not self.choices[1:]:
            raise ValueError("a choice needs at least two choices")
        if self.choices and self.kind not in {"choice", "choices"}:
            raise ValueError("choices are given, but the kind is no choice")
        return self


class ReviewLevel(_Part):
    """One step of the review rubric; `points` are whole."""

    name: Line = Field(max_length=120)
    description: Prose = Field(max_length=1000)
    points: int = Field(ge=0, le=100)


class ReviewCriterion(Keyed):
    """One thing that the reviewers score a proposal on."""

    name: Line = Field(max_length=200)
    description: Prose = Field(max_length=2000)
    level: list[ReviewLevel] = Field(min_length=2, max_length=10)


RecordKind = Literal[
    "draft", "unshared_artifact", "shared_artifact", "assessment_record", "disclosure",
    "proposal", "award",
]  # fmt: skip
# What the committee decided and what was awarded is proof for ever; nothing here deletes it.
KEPT_FOR_EVER: Final = frozenset({"proposal", "award"})


class RetentionClass(Keyed):
    """How long one kind of record is kept.

    `kind`: what the program knows by that name. `months`: so long after its matter
    was closed; or `permanent`.
    """

    name: Line = Field(max_length=120)
    kind: RecordKind
    months: Annotated[int, Field(ge=1, le=1200)] | None = None
    permanent: bool = False

    @model_validator(mode="after")
    def _check_length(self) -> "RetentionClass":
        if self.permanent == (self.months is not None):
            raise ValueError("say either months or permanent = true")
        if self.kind in KEPT_FOR_EVER and not self.permanent:
            raise ValueError(f"records of the kind {self.kind} are permanent; say permanent = true")
        return self


class ProgrammeRules(_Part):
    """Everything beside the levels."""

    audience: list[Audience] = Field(default_factory=list, max_length=20)
    group: list[ReviewerGroup] = Field(default_factory=list, max_length=50)
    route: list[Route] = Field(default_factory=list, max_length=20)
    question: list[Question] = Field(default_factory=list, max_length=100)
    review_criterion: list[ReviewCriterion] = Field(default_factory=list, max_length=30)
    retention: list[RetentionClass] = Field(default_factory=list, max_length=20)

    def find_route(self, key: str) -> Route | None:
        """Return the route of this key, if there is one."""
        return next((route for route in self.route if route.key == key), None)

    def questions_for(self, level_key: str) -> list[Question]:
        """Return what is asked of a proposal of this level."""
        return [item for item in self.question if not item.levels or level_key in item.levels]


def steps_for(route: Route, audience: str | None) -> list[Step]:
    """Return the steps that a proposal for this audience takes, in order."""
    return [step for step in route.step if not step.audiences or audience in step.audiences]
