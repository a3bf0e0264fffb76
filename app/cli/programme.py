"""Commands: an institution's programme: its levels, and the rules that stand beside them."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import click

from app.cli.border import (
    CommandGroup,
    choose_institution,
    current_actor,
    institution_option,
    json_option,
    print_json,
    print_rows,
)
from app.cli.pictures import write_previews
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import NotFoundError
from app.platforms.service import list_institutions
from app.programme.models import Level, Programme
from app.programme.preset import Preset, read_preset
from app.programme.rules import ProgrammeRules, Question, Route
from app.programme.service import (
    ProgrammeChange,
    compare_programme,
    find_programme,
    get_rules,
    list_levels,
    load_programme,
)

programme = CommandGroup("programme", help="The levels of micro-credentials and their rules.")

PARTS = {
    "audience": "Audiences",
    "group": "Groups",
    "route": "Routes",
    "question": "Questions",
    "review_criterion": "Review rubric",
    "retention": "Retention",
}


@programme.command()
@click.argument("file", type=click.Path(path_type=Path))
@institution_option
def load(file: Path, institution_slug: str | None) -> None:
    """Load the levels of a preset FILE (TOML); levels of the same key are changed."""
    preset = read_preset(file)
    with transaction() as session:
        institution = choose_institution(session, institution_slug)
        loaded = load_programme(
            session, institution.id, preset, actor=current_actor(), now=utcnow()
        )
    click.echo(
        f"Loaded “{preset.name}”: {len(loaded.added)} added, {len(loaded.changed)} changed, "
        f"{len(loaded.unchanged)} as before."
    )
    if loaded.kept:
        click.echo(f"Kept, though the preset has them not: {', '.join(loaded.kept)}.", err=True)
    for part in loaded.parts:
        if part.kept:
            keys = ", ".join(part.kept)
            click.echo(f"{PARTS[part.part]} kept, since open work needs them: {keys}.", err=True)


@programme.command()
@click.argument("file", type=click.Path(path_type=Path))
@institution_option
def check(file: Path, institution_slug: str | None) -> None:
    """Check a preset FILE (TOML) and say what loading it would change; nothing is changed."""
    preset = read_preset(file)
    click.echo(f"“{preset.name}” can be loaded: {_sum_up(preset)}.")
    session = db.session()
    if institution_slug is None and not list_institutions(session):
        return
    institution = choose_institution(session, institution_slug)
    change = compare_programme(session, institution.id, preset, now=utcnow())
    lines = list(_say_changes(change))
    click.echo(f"It would change this for {institution.name}:" if lines else "It changes nothing.")
    for line in lines:
        click.echo(f"  {line}")


@programme.command()
@institution_option
@json_option
def show(institution_slug: str | None, *, as_json: bool) -> None:
    """Show the programme in words: levels, routes, groups, questions, review rubric."""
    session = db.session()
    institution = choose_institution(session, institution_slug)
    found = find_programme(session, institution.id)
    if found is None:
        raise NotFoundError("No programme is loaded yet: flask --app app programme load FILE")
    rules = get_rules(session, institution.id)
    if as_json:
        print_json({"name": found.name, **rules.model_dump(mode="json")})
        return
    for line in _describe(found, list_levels(session, institution.id), rules):
        click.echo(line)


@programme.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False))
def preview(file: Path, out: Path) -> None:
    """Write the pictures of a preset FILE with sample titles into a folder, for its designer."""
    count = write_previews(read_preset(file), out)
    click.echo(f"Wrote {count} pictures to {out}.")


@programme.command("list")
@institution_option
@json_option
def list_all(institution_slug: str | None, *, as_json: bool) -> None:
    """List the levels."""
    session = db.session()
    institution = choose_institution(session, institution_slug)
    rows = [
        {
            "key": level.key,
            "name": level.name,
            "award_by": level.award_by,
            "environment": level.environment,
            "approval_route": level.approval_route,
            "achievement_type": level.achievement_type,
            "family": level.family,
        }
        for level in list_levels(session, institution.id)
    ]
    print_rows(rows, as_json=as_json, nothing="No programme is loaded yet.")


def _sum_up(preset: Preset) -> str:
    counts = [(len(preset.levels), "level")]
    counts += [
        (len(preset.rules.route), "route"),
        (len(preset.rules.group), "group"),
        (len(preset.rules.audience), "audience"),
        (len(preset.rules.question), "question"),
    ]
    told = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts]
    told.append(f"a review rubric of {len(preset.rules.review_criterion)}")
    return ", ".join(told)


def _say_changes(change: ProgrammeChange) -> Iterator[str]:
    if change.added:
        yield f"Levels added: {', '.join(change.added)}"
    for key, fields in change.fields.items():
        yield f"Level {key} changed: {', '.join(fields)}"
    if change.kept:
        yield f"Levels kept, though the preset has them not: {', '.join(change.kept)}"
    for part in change.parts:
        name = PARTS[part.part]
        for word, keys in (
            ("added", part.added),
            ("changed", part.changed),
            ("dropped", part.dropped),
            ("kept, since open work needs them", part.kept),
        ):
            if keys:
                yield f"{name} {word}: {', '.join(keys)}"


def _describe(found: Programme, levels: Sequence[Level], rules: ProgrammeRules) -> Iterator[str]:
    names = {level.key: level.name for level in levels}
    yield f"{found.name}, loaded on {found.loaded_at.date().isoformat()}"
    yield from ("", "Levels")
    for level in levels:
        yield f"  {level.name} ({level.key}): {_describe_level(level)}"
    yield from ("", "Routes of approval")
    for route in rules.route:
        yield from _describe_route(
            route, rules, [level.name for level in levels if level.approval_route == route.key]
        )
    yield from ("", "Groups of reviewers")
    for group in rules.group:
        yield f"  {group.name} ({group.key}){', for one issuing unit each' * group.by_unit}"
    yield from ("", "What a proposal is asked")
    for section, questions in groupby(rules.question, key=lambda item: item.section):
        yield f"  {section}"
        for question in questions:
            yield f"    {question.label} ({_describe_question(question, names)})"
    yield from ("", "How it is reviewed")
    for criterion in rules.review_criterion:
        steps = ", ".join(f"{level.points} {level.name}" for level in criterion.level)
        yield f"  {criterion.name}: {steps}"
    for kept in rules.retention:
        length = "for ever" if kept.permanent else f"{kept.months} months"
        yield f"Kept {length}: {kept.name} ({kept.kind})"


def _describe_level(level: Level) -> str:
    words = {
        "grantor": "a grantor assesses an artifact",
        "request": "awarded by request",
        "rule": "awarded by rule",
    }
    parts = [words[level.award_by]]
    if level.environment:
        parts.append(f"{level.environment} environment")
        parts.append("shared with the award" if level.shares_evidence else "kept private")
        parts.append(f"passed by {' or '.join(level.pass_rules)}")
    if level.revokes_with_part:
        parts.append("falls with one of its parts")
    parts.append(f"approved by the route {level.approval_route}")
    return "; ".join(parts)


def _describe_route(route: Route, rules: ProgrammeRules, levels: Sequence[str]) -> Iterator[str]:
    holds = f"; holds for {route.months} months" if route.months else ""
    yield f"  {route.name} ({route.key}), for {', '.join(levels) or 'no level'}{holds}"
    groups = {group.key: group.name for group in rules.group}
    audiences = {audience.key: audience.name for audience in rules.audience}
    for number, step in enumerate(route.step, start=1):
        parts = [groups[step.group]]
        parts.append("one vote" if step.quorum == 1 else f"{step.quorum} votes")
        if step.scores:
            parts.append("each scores the review rubric")
        if step.audiences:
            parts.append("only for " + ", ".join(audiences[key] for key in step.audiences))
        yield f"    {number}. {step.name}: {'; '.join(parts)}"


def _describe_question(question: Question, names: dict[str, str]) -> str:
    parts = [question.kind.replace("_", " ")]
    if not question.required:
        parts.append("optional")
    if question.levels:
        parts.append("for " + ", ".join(names.get(key, key) for key in question.levels))
    return "; ".join(parts)
