"""What the parts of a preset say of each other. Pure."""

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

from app.programme.rules import Keyed, ProgrammeRules, Question, ReviewCriterion, Route, steps_for
from app.programme.wording import Problem

Place = tuple[int | str, ...]


def list_reference_problems(
    rules: ProgrammeRules, routes_of_levels: Sequence[tuple[str, str]]
) -> list[Problem]:
    """Return where parts name something that is not there, or two have one key.

    Units: `routes_of_levels` are the levels' keys with the routes that approve
    them, in the order of the file.
    """
    level_keys = [key for key, _ in routes_of_levels]
    return [
        *_repeated("level", "levels", level_keys),
        *_list_repeated(rules),
        *chain.from_iterable(
            _of_route(rules, number, route) for number, route in enumerate(rules.route)
        ),
        *_of_levels(rules, routes_of_levels),
        *chain.from_iterable(
            _of_question(number, question, level_keys)
            for number, question in enumerate(rules.question)
        ),
        *chain.from_iterable(
            _of_criterion(number, criterion)
            for number, criterion in enumerate(rules.review_criterion)
        ),
    ]


def _list_repeated(rules: ProgrammeRules) -> Iterator[Problem]:
    named: dict[str, tuple[str, Sequence[Keyed]]] = {
        "audience": ("audiences", rules.audience),
        "group": ("groups", rules.group),
        "route": ("routes", rules.route),
        "question": ("questions", rules.question),
        "review_criterion": ("review criteria", rules.review_criterion),
        "retention": ("retention classes", rules.retention),
    }
    for table, (what, items) in named.items():
        yield from _repeated(table, what, [item.key for item in items])
    kinds = [item.kind for item in rules.retention]
    for number, kind in enumerate(kinds):
        if kind in kinds[:number]:
            yield Problem(("retention", number, "kind"), f"“{kind}” has a class already")
    for number, route in enumerate(rules.route):
        what = f"steps of route “{route.key}”"
        keys = [step.key for step in route.step]
        yield from _repeated("step", what, keys, inside=("route", number))


def _of_route(rules: ProgrammeRules, number: int, route: Route) -> Iterator[Problem]:
    groups = {group.key for group in rules.group}
    audiences = {audience.key for audience in rules.audience}
    for position, step in enumerate(route.step):
        place: Place = ("route", number, "step", position)
        if step.group not in groups:
            yield Problem((*place, "group"), f"names the group “{step.group}”, which there is not")
        for key in step.audiences:
            if key not in audiences:
                yield Problem(
                    (*place, "audiences"), f"names the audience “{key}”, which there is not"
                )
        if step.scores and not rules.review_criterion:
            yield Problem(
                (*place, "scores"), "is true, but there is no review_criterion to score by"
            )
    for audience in rules.audience:
        if not steps_for(route, audience.key):
            yield Problem(
                ("route", number),
                f"has no step for the audience “{audience.key}”: nobody would decide",
            )


def _of_levels(
    rules: ProgrammeRules, routes_of_levels: Sequence[tuple[str, str]]
) -> Iterator[Problem]:
    if not rules.route:  # an institution may approve elsewhere, and only import what was approved
        return
    for number, (_, route) in enumerate(routes_of_levels):
        if rules.find_route(route) is None:
            yield Problem(
                ("level", number, "approval_route"),
                f"names the route “{route}”, which there is not",
            )


def _of_question(number: int, question: Question, level_keys: Sequence[str]) -> Iterator[Problem]:
    for key in question.levels:
        if key not in level_keys:
            yield Problem(
                ("question", number, "levels"), f"names the level “{key}”, which there is not"
            )
    yield from _twice(("question", number, "levels"), "level", question.levels)
    yield from _twice(("question", number, "choices"), "choice", question.choices)


def _of_criterion(number: int, criterion: ReviewCriterion) -> Iterator[Problem]:
    place: Place = ("review_criterion", number, "level")
    yield from _twice(place, "level", [level.name for level in criterion.level])
    for position, (before, level) in enumerate(pairwise(criterion.level), start=1):
        if level.points <= before.points:
            yield Problem(
                (*place, position, "points"), "must be more than those of the level before"
            )


def _repeated(
    table: str, what: str, keys: Sequence[str], *, inside: Place = ()
) -> Iterator[Problem]:
    for number, key in enumerate(keys):
        if key in keys[:number]:
            yield Problem((*inside, table, number, "key"), f"two {what} have the key “{key}”")


def _twice(place: Place, what: str, values: Sequence[str]) -> Iterator[Problem]:
    for number, value in enumerate(values):
        if value in values[:number]:
            yield Problem(place, f"says the {what} “{value}” twice")
