"""The commands of a programme: check a preset, load it, show it in words."""

import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.core.audit import AuditEntry
from app.programme.models import Level, Programme
from tests.cli.conftest import PRESET

COLLEGE = PRESET.with_name("college.toml")


@pytest.fixture
def institution(done):
    done("institutions", "add", "--slug", "ksu", "--name", "Kennesaw State University")


def counts(session):
    session.rollback()
    return [session.scalar(select(func.count(row.id))) for row in (Level, Programme, AuditEntry)]


def test_a_check_needs_no_institution(done):
    said = done("programme", "check", str(PRESET))

    assert "“Kennesaw State University taxonomy” can be loaded: 5 levels, 2 routes" in said
    assert "change" not in said


def test_a_check_says_what_would_change_and_changes_nothing(done, session, institution):
    before = counts(session)

    said = done("programme", "check", str(PRESET))

    assert "It would change this for Kennesaw State University:" in said
    assert "Levels added: souvenir, badge_1" in said
    assert "Routes added: committee, light_request" in said
    assert counts(session) == before
    done("programme", "load", str(PRESET))
    assert "It changes nothing." in done("programme", "check", str(PRESET))


def test_a_check_of_another_preset_says_what_stays(done, session, institution):
    done("programme", "load", str(PRESET))

    said = done("programme", "check", str(COLLEGE))

    assert "Levels added: took_part, skill, master" in said
    assert "Levels kept, though the preset has them not: souvenir" in said
    assert "Routes kept, since open work needs them: committee, light_request" in said
    assert "Questions dropped: need" in said


def test_a_check_names_the_changed_fields(done, tmp_path, institution):
    done("programme", "load", str(PRESET))
    shutil.copytree(PRESET.parent / "images", tmp_path / "images")
    changed = tmp_path / "changed.toml"
    text = PRESET.read_text().replace('name = "Badge Level I"', 'name = "Ribbon"')
    changed.write_text(text.replace("quorum = 3", "quorum = 4"))

    said = done("programme", "check", str(changed))

    assert "Level badge_1 changed: name" in said
    assert "Routes changed: committee" in said


def test_a_mistake_is_one_line_with_file_line_and_field(refused, tmp_path, institution):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(PRESET.read_text().replace('family = "gold"', 'family = "bronze"', 1))

    for command in ("check", "load"):
        said = refused("programme", command, str(wrong))
        assert "wrong.toml: line 86, level “badge_2” family: input should be" in said


def test_what_is_loaded_is_shown_in_words(done, institution):
    done("programme", "load", str(COLLEGE))

    said = done("programme", "show")

    for words in (
        "Community college: participation, skill, master, loaded on ",
        "Skill (skill): a grantor assesses an artifact; professional environment; shared with",
        "passed by k_of_n or all_required",
        "Master certificate (master): awarded by rule; falls with one of its parts",
        "Registration (registrar), for Participation; holds for 12 months",
        "1. Entry in the register: Registrar's office; one vote",
        "2. Employers' panel: Employers' panel; 2 votes; only for Apprentices",
        "3. Academic council: Academic council; 5 votes; each scores the review rubric",
        "Heads of trade (trade_heads), for one issuing unit each",
        "What is handed in as proof? (choices; for Skill)",
        "How many hours of practice does it take? (number; optional; for Skill)",
        "Use at work: 0 Unclear, 2 Plausible, 5 Confirmed",
    ):
        assert words in said


def test_it_is_shown_to_programs_too(done, institution):
    done("programme", "load", str(COLLEGE))

    shown = json.loads(done("programme", "show", "--json"))

    assert shown["name"].startswith("Community college")
    assert [route["key"] for route in shown["route"]] == ["registrar", "council"]


def test_nothing_loaded_is_said(refused, institution):
    assert "No programme is loaded yet" in refused("programme", "show")


def test_a_file_that_is_not_there_is_named(refused, tmp_path: Path):
    assert "none.toml cannot be read" in refused("programme", "check", str(tmp_path / "none.toml"))
