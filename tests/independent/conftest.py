"""The tool behind real HTTP and the independent platform, connected as an operator does it."""

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr
from werkzeug.serving import make_server

from app import create_app
from app.core.db import db
from app.settings import Settings
from deploy.example import example_commands
from tests.conftest import SECRET
from tests.independent.addresses import running_platform
from tests.independent.browser import Window
from tests.independent.platform import (
    CLIENT_ID,
    DEPLOYMENT_ID,
    GRANTOR,
    IndependentPlatform,
    Person,
)

BADGE = "literature-search-and-synthesis"
EXAMPLE_DATA = {"institutions", "issuers", "programme", "achievements"}


@dataclass(frozen=True)
class Tool:
    """The running tool and its command line."""

    url: str
    app: Flask

    def run(self, *command: str) -> str:
        """Run a command; return what it printed."""
        result = self.app.test_cli_runner().invoke(args=list(command))
        assert result.exit_code == 0, (command, result.output, result.exception)
        return result.stdout


@pytest.fixture
def tool(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tool]:
    """The tool on a free port; its forms are guarded as in production."""
    monkeypatch.setenv("NO_PROXY", "*")  # the platform fetches the tool's keys with plain requests
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://localhost:{listening.getsockname()[1]}"
        app = create_app(
            Settings(
                base_url=url,
                secret_key=SecretStr(SECRET),
                database_url=database_url,
                storage_dir=tmp_path / "artifacts",
                undo_minutes=0,
                log_format="console",
            )
        )
        server = make_server("127.0.0.1", 0, app, threaded=True, fd=listening.fileno())
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Tool(url, app)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def platform(tool: Tool) -> Iterator[IndependentPlatform]:
    """The platform, registered and with one grantor appointed through the tool's commands."""
    with running_platform(tool.url) as running:
        for command in example_commands(running.url):
            if command[0] in EXAMPLE_DATA:
                tool.run(*command)
        registered: dict[str, Any] = json.loads(
            tool.run(
                *("platforms", "add", "--name", "Independent", "--issuer", running.url),
                *("--client-id", CLIENT_ID, "--auth-url", f"{running.url}/authorize"),
                *("--token-url", f"{running.url}/token", "--jwks-url", f"{running.url}/jwks.json"),
                *("--deployment-id", DEPLOYMENT_ID),
            )
        )
        tool.run(
            *("grantors", "appoint", "--achievement", BADGE),
            *("--platform", str(registered["id"]), "--sub", GRANTOR.id, "--name", GRANTOR.name),
        )
        yield running


@pytest.fixture
def window(platform: IndependentPlatform) -> Iterator[Callable[[Person], Window]]:
    """A browser window of one person: `window(LEARNER)`."""
    opened: list[Window] = []

    def open_window(person: Person) -> Window:
        opened.append(Window(platform, person))
        return opened[-1]

    yield open_window
    for one in opened:
        one.close()
