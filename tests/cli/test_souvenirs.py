"""Souvenirs by command."""

import csv

import pytest
from sqlalchemy import func, select

from app.awards.models import Award
from app.awards.souvenir_models import SouvenirBatch
from app.courses.models import Person
from tests.awards.souvenir_world import make_souvenir


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "people.csv"
    rows = "".join(f"{number}@example.edu,Person {number}\n" for number in range(450))
    path.write_text(f"email,name\n{rows}broken,X\n")
    return path


@pytest.fixture
def run(app, session, world):
    make_souvenir(session, world)

    def run_command(*args):
        return app.test_cli_runner().invoke(args=["souvenirs", "award", *map(str, args)])

    return run_command


def count(session, model):
    return session.scalar(select(func.count()).select_from(model))


def test_a_dry_run_keeps_nothing(session, run, people, world):
    before = count(session, Person)

    result = run(people, "--achievement", "research-day", "--dry-run")

    assert result.exit_code == 0, result.output
    assert "450 would be awarded (450 not known yet)" in result.output
    assert "line 452: not_address" in result.output
    assert (count(session, SouvenirBatch), count(session, Person)) == (0, before)


def test_a_file_is_awarded_once(session, run, people, tmp_path):
    results = tmp_path / "results.csv"

    first = run(people, "--achievement", "research-day", "--results", results)
    again = run(people, "--achievement", "research-day")

    assert first.exit_code == again.exit_code == 0, first.output
    assert "450 awarded, 0 hold it already" in first.output
    assert "450 awarded" in again.output
    assert (count(session, Award), count(session, SouvenirBatch)) == (450, 1)
    with results.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["address"] for row in rows if row["result"] == "awarded"}) == 450
    award = session.scalars(select(Award).limit(1)).one()
    assert award.awarded_by is None


@pytest.mark.parametrize(
    ("slug", "words"),
    [("research-literacy", "is not awarded by a list"), ("nothing", "no achievement “nothing”")],
)
def test_only_souvenirs_are_given_so(session, run, people, slug, words):
    result = run(people, "--achievement", slug)

    assert result.exit_code == 1
    assert words in result.output
    assert count(session, Award) == 0


def test_a_file_that_is_not_there_is_named(run, tmp_path):
    result = run(tmp_path / "none.csv", "--achievement", "research-day")

    assert result.exit_code == 1
    assert "cannot be opened" in result.output
