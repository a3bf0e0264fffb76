"""The commands about platforms: what they print is data for another program."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.audit import AuditEntry
from app.platforms.models import ToolKey
from app.platforms.service import list_institutions, list_platforms
from tests.cli.conftest import PLATFORM

Command = Callable[..., str]


def test_the_first_command_of_an_operator_works(
    run: Callable[..., Result], session: Session
) -> None:
    result = run(
        *("platforms", "add", "--name", "Moodle", *PLATFORM),
        *("--deployment-id", "1", "--deployment-id", "2"),
    )

    assert result.exit_code == 0
    row = json.loads(result.stdout)
    assert (row["name"], row["issuer"], row["client_id"]) == ("Moodle", "https://lms.test", "assay")
    assert [item["deployment_id"] for item in row["deployments"]] == ["1", "2"]
    assert "made “My institution”" in result.stderr
    [institution] = list_institutions(session)
    assert (institution.slug, institution.name) == ("main", "My institution")
    assert [platform.id for platform in list_platforms(session)] == [row["id"]]
    assert session.scalars(select(ToolKey)).one().public_jwk["kty"] == "RSA"


def test_only_the_row_is_on_standard_output(installation: Command) -> None:
    added = installation(
        *("platforms", "add", "--name", "Two", *PLATFORM[:3], "other", *PLATFORM[4:]),
        *("--token-audience", "https://auth.lms.test"),
    )

    row = json.loads(added)
    assert row["token_audience"] == "https://auth.lms.test"
    assert json.loads(installation("platforms", "show", str(row["id"]))) == row
    assert json.loads(installation("platforms", "list"))[1] == row


def test_a_platform_is_registered_once(installation: Command, refused: Command) -> None:
    [known] = json.loads(installation("platforms", "list"))

    assert "registered already" in refused("platforms", "add", "--name", "Again", *PLATFORM)
    again = installation("platforms", "add", "--name", "Again", *PLATFORM, "--if-missing")

    assert json.loads(again) == known


def test_another_institutions_registration_is_not_shown(
    installation: Command, refused: Command
) -> None:
    installation("institutions", "add", "--slug", "other", "--name", "Other")

    said = refused(
        *("platforms", "add", "--name", "Again", *PLATFORM),
        *("--if-missing", "--institution", "other"),
    )

    assert "Another institution has registered" in said


@pytest.mark.parametrize(
    ("position", "value", "said"),
    [(5, "lms.test/auth", "auth URL"), (7, "ftp://x", "token URL"), (9, "https://", "jwks URL")],
)
def test_a_platforms_addresses_are_checked(
    run: Callable[..., Result], session: Session, position: int, value: str, said: str
) -> None:
    words = list(PLATFORM)
    words[position] = value

    result = run("platforms", "add", "--name", "LMS", *words)

    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr.splitlines()[-1]
    assert list_platforms(session) == []
    assert list_institutions(session) == [], "the institution made first is undone as well"


def test_another_lms_s_client_id_with_its_token_address_is_refused(
    installation: Command, refused: Command
) -> None:
    said = refused(
        *("platforms", "add", "--name", "X", "--issuer", "https://x.test", "--client-id", "assay"),
        *("--auth-url", "https://x.test/auth", "--jwks-url", "https://x.test/jwks"),
        *("--token-url", "https://lms.test/token"),
    )

    assert "registered here for another LMS" in said
    assert len(json.loads(installation("platforms", "list"))) == 1


def test_a_platform_is_disabled_and_enabled(installation: Command, session: Session) -> None:
    disabled = json.loads(installation("platforms", "disable", "1"))
    enabled = json.loads(installation("platforms", "enable", "1"))

    assert (disabled["status"], enabled["status"]) == ("disabled", "active")
    actions = list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert actions[-2:] == ["platform.disabled", "platform.active"]


def test_a_deployment_is_approved(installation: Command) -> None:
    row = json.loads(installation("platforms", "approve-deployment", "1", "seen-later"))

    assert row["deployments"] == [
        {"deployment_id": "1", "status": "active"},
        {"deployment_id": "seen-later", "status": "active"},
    ]


@pytest.mark.parametrize("command", ["show", "disable", "enable"])
def test_an_unknown_platform_is_named(refused: Command, command: str) -> None:
    assert refused("platforms", command, "7") == "Error: There is no platform 7.\n"


def test_a_blocked_deployment_ends_sessions_and_refuses_launches(run, world, browser):
    mei = browser(world.learner)
    assert mei.get("/my/credentials").status_code == 200

    result = run("platforms", "block-deployment", str(world.platform.id), "1")

    assert result.exit_code == 0
    assert '"blocked"' in result.stdout
    assert mei.get("/my/credentials").status_code == 401
