"""The commands, each run as a process would run it: with nothing left over from the one before."""

from collections.abc import Callable
from contextvars import Context
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

CONFIG = Path(__file__).parents[2] / "lti_config"
PRESET = CONFIG / "programme/kennesaw_state.toml"
EXAMPLE = CONFIG / "example/achievements.json"
PLATFORM = (
    *("--issuer", "https://lms.test"),
    *("--client-id", "assay"),
    *("--auth-url", "https://lms.test/auth"),
    *("--token-url", "https://lms.test/token"),
    *("--jwks-url", "https://lms.test/jwks"),
)

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    """Run one command; the answer has exit code, standard output and standard error."""

    def run_command(*words: str) -> Result:
        return Context().run(app.test_cli_runner().invoke, args=words)

    return run_command


@pytest.fixture
def done(run: Run) -> Callable[..., str]:
    """Run one command that must succeed; return its standard output."""

    def run_command(*words: str) -> str:
        result = run(*words)
        assert result.exit_code == 0, result.output
        return result.stdout

    return run_command


@pytest.fixture
def refused(run: Run) -> Callable[..., str]:
    """Run one command that must be refused in one plain line; return it."""

    def run_command(*words: str) -> str:
        result = run(*words)
        assert result.exit_code == 1, result.output
        assert result.stdout == ""
        assert result.stderr.startswith("Error: ")
        assert result.stderr.count("\n") == 1, "one line, no traceback"
        return result.stderr

    return run_command


@pytest.fixture
def installation(done: Callable[..., str]) -> Callable[..., str]:
    """An installation as the example fills it; the value runs further commands."""
    done("institutions", "add", "--slug", "ksu", "--name", "Kennesaw State University")
    for slug in ("psychology", "nursing"):
        done("issuers", "add", "--slug", slug, "--name", slug.title(), "--url", "https://x.edu")
    done("programme", "load", str(PRESET))
    done("achievements", "import", str(EXAMPLE), "--approved-by", "MCC 7")
    done("platforms", "add", "--name", "LMS", *PLATFORM, "--deployment-id", "1")
    return done
