"""The commands that fill an installation: institutions, issuers, programme, achievements."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.catalog.service import list_mappable_versions
from app.core.audit import AuditEntry
from app.core.clock import utcnow
from app.platforms.models import Institution
from app.platforms.service import list_institutions
from app.programme.service import list_issuers, list_levels
from tests.cli.conftest import EXAMPLE, PRESET

Command = Callable[..., str]


def test_the_example_fills_an_installation(installation: Command, session: Session) -> None:
    [institution] = list_institutions(session)

    assert len(list_levels(session, institution.id)) == 5
    assert [issuer.slug for issuer in list_issuers(session)] == ["psychology", "nursing"]
    assert len(list_mappable_versions(session, institution.id, now=utcnow())) == 2
    actors = list(session.scalars(select(AuditEntry.actor).distinct().order_by(AuditEntry.actor)))
    assert actors == [
        "command:achievements import",
        "command:institutions add",
        "command:issuers add",
        "command:platforms add",
        "command:programme load",
    ]
    assert installation("audit", "verify").startswith("ksu: unbroken; 9 entries, the last is ")


def test_a_second_run_of_the_example_changes_nothing(
    installation: Command, session: Session
) -> None:
    entries = session.scalar(select(func.count(AuditEntry.id)))

    installation("institutions", "add", "--slug", "ksu", "--name", "KSU", "--if-missing")
    installation(
        *("issuers", "add", "--slug", "nursing", "--name", "N", "--url", "https://y.edu"),
        "--if-missing",
    )
    loaded = installation("programme", "load", str(PRESET))
    imported = installation("achievements", "import", str(EXAMPLE), "--approved-by", "MCC 8")

    assert "0 added, 0 changed, 5 as before" in loaded
    assert imported.count("version 1, as before") == 2
    assert session.scalar(select(func.count(AuditEntry.id))) == entries


def test_lists_are_tables_for_people_and_json_for_programs(installation: Command) -> None:
    for group, first in (
        ("institutions", "ksu"),
        ("issuers", "psychology"),
        ("programme", "souvenir"),
        ("achievements", "literature-search-and-synthesis"),
    ):
        table = installation(group, "list").splitlines()
        rows = json.loads(installation(group, "list", "--json"))

        assert first in table[1]
        assert first in rows[0].values()
        assert len(table) == len(rows) + 1
        assert table[0].split() == list(rows[0])


def test_the_first_issuers_did_is_the_tools_address(installation: Command) -> None:
    rows = json.loads(installation("issuers", "list", "--json"))

    assert [row["did"] for row in rows] == [
        "did:web:tool.test",
        "did:web:tool.test:issuers:nursing",
    ]


def test_an_empty_list_says_so_beside_the_output(run: Callable[..., Result]) -> None:
    result = run("institutions", "list")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "There is no institution yet.\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("institutions", "add", "--slug", "ksu", "--name", "x"), "“ksu” already"),
        (("institutions", "add", "--slug", "K S", "--name", "x"), "small letters"),
        (
            ("issuers", "add", "--slug", "nursing", "--name", "x", "--url", "https://x.edu"),
            "“nursing” already",
        ),
        (
            ("issuers", "add", "--slug", "a", "--name", "x", "--url", "x.edu"),
            "url: must be a whole",
        ),
        (("programme", "load", "none.toml"), "none.toml cannot be read"),
        (("programme", "load", str(EXAMPLE)), "is not valid TOML"),
        (("programme", "load", str(PRESET), "--institution", "x"), "no institution “x”"),
        (("achievements", "import", "none.json", "--approved-by", "x"), "none.json cannot be read"),
        (("achievements", "import", str(PRESET), "--approved-by", "x"), "is not valid JSON"),
    ],
)
def test_a_refusal_is_one_plain_line(
    installation: Command, refused: Command, words: tuple[str, ...], said: str
) -> None:
    assert said in refused(*words)


@pytest.mark.parametrize(
    "words",
    [
        ("institutions", "add", "--slug", "x"),
        ("institutions", "add", "--slug", "x", "--name", " "),
        ("institutions", "add", "--slug", "x", "--name", "a\x1b[2J"),
        ("institutions", "add", "--slug", "x", "--name", "x" * 201),
        ("achievements", "import", str(EXAMPLE)),
        ("achievements", "import", str(EXAMPLE), "--approved-by", "a\nb"),
        ("programme", "load"),
        ("programme", "unknown"),
    ],
)
def test_a_command_said_wrongly_is_explained(
    run: Callable[..., Result], words: tuple[str, ...]
) -> None:
    result = run(*words)

    assert result.exit_code == 2
    assert "Usage:" in result.stderr
    assert "Traceback" not in result.output


def test_the_first_commands_say_what_comes_first(refused: Command) -> None:
    for words in (
        ("programme", "load", str(PRESET)),
        ("issuers", "list"),
        ("achievements", "import", str(EXAMPLE), "--approved-by", "MCC"),
        ("grantors", "list"),
    ):
        assert "institutions add --slug SLUG --name NAME" in refused(*words)


def test_achievements_need_a_programme_first(done: Command, refused: Command) -> None:
    done("institutions", "add", "--slug", "ksu", "--name", "KSU")

    said = refused("achievements", "import", str(EXAMPLE), "--approved-by", "MCC")

    assert "load a programme first" in said


def test_with_two_institutions_one_must_be_named(
    installation: Command, refused: Command, session: Session
) -> None:
    installation("institutions", "add", "--slug", "other", "--name", "Other")

    assert "say which with --institution" in refused("programme", "load", str(PRESET))
    installation("programme", "load", str(PRESET), "--institution", "other")

    other = session.scalars(select(Institution).where(Institution.slug == "other")).one()
    assert len(list_levels(session, other.id)) == 5


def test_an_issuer_of_another_institution_is_no_match(
    installation: Command, refused: Command
) -> None:
    installation("institutions", "add", "--slug", "other", "--name", "Other")

    said = refused(
        *("issuers", "add", "--slug", "nursing", "--name", "N", "--url", "https://y.edu"),
        *("--institution", "other", "--if-missing"),
    )

    assert "Another institution has the issuer" in said


def test_a_wrong_document_writes_nothing(
    installation: Command, refused: Command, session: Session, tmp_path: Path
) -> None:
    document = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    document["achievements"][0]["name"] = "A new wording"
    document["achievements"][1]["level"] = "platinum"
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(document), encoding="utf-8")

    said = refused("achievements", "import", str(file), "--approved-by", "MCC 8")

    assert "there is no level “platinum”" in said
    rows = json.loads(installation("achievements", "list", "--json"))
    assert [row["version"] for row in rows] == [1, 1]


def test_a_changed_document_makes_the_next_version(installation: Command, tmp_path: Path) -> None:
    document = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    document["achievements"][0]["name"] = "A new wording"
    file = tmp_path / "changed.json"
    file.write_text(json.dumps(document), encoding="utf-8")

    said = installation("achievements", "import", str(file), "--approved-by", "MCC 8")

    assert said.splitlines() == [
        "literature-search-and-synthesis: version 2",
        "clinical-handover-communication: version 1, as before",
    ]


def test_levels_that_a_preset_lost_are_mentioned(
    installation: Command, run: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "one.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    preset = PRESET.read_text(encoding="utf-8").split("[[level]]")
    small = preset[0] + "[[level]]" + preset[1].replace("images/souvenir.svg", "one.svg")
    file = tmp_path / "small.toml"
    file.write_text(small, encoding="utf-8")

    result = run("programme", "load", str(file))

    assert "0 added, 1 changed" in result.stdout
    assert "badge_1, badge_2" in result.stderr


def test_a_database_without_tables_is_explained(refused: Command, session: Session) -> None:
    session.execute(text("ALTER TABLE institution RENAME TO elsewhere"))
    session.commit()

    assert "flask --app app db upgrade" in refused("institutions", "list")


def test_a_changed_audit_entry_is_named(
    installation: Command, run: Callable[..., Result], session: Session
) -> None:
    entry = session.scalars(select(AuditEntry).where(AuditEntry.number == 2)).one()
    entry.actor = "command:nobody"
    session.commit()

    result = run("audit", "verify")

    assert result.exit_code == 1
    assert "ksu: entry 2 was changed or is missing." in result.stderr
