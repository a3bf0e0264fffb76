"""No request leaves without a time-out: the code is read, and a silent server is asked."""

import ast
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core import http
from app.core.http import CallError, OutgoingClient

APP = Path(__file__).resolve().parents[2] / "app"
CALLERS = {"get", "post", "put", "patch", "delete", "head", "options", "request", "urlopen"}
LIBRARIES = {"requests", "urllib", "httpx", "aiohttp", "http.client"}
# What may speak HTTP at all: the one client, and the practice LMS, which is another program.
SPEAKERS = {"core/http.py", "sandbox/keys.py", "sandbox/notices.py", "sandbox/placements.py"}
# It only hands on to the one client what a library wants to send.
TRANSPORT = "core/http_session.py"


def imported(tree: ast.AST) -> set[str]:
    """Return the HTTP libraries that a module could call with."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    harmless = ("urllib.parse", "requests.utils", "requests_hardened")
    return {
        name
        for name in names
        if name.split(".")[0] in LIBRARIES or name.startswith("http.client")
        if not name.startswith(harmless)
    }


def test_only_the_one_client_speaks_http():
    strangers = {
        str(path.relative_to(APP)): found
        for path in sorted(APP.rglob("*.py"))
        if (found := imported(ast.parse(path.read_text())))
        and str(path.relative_to(APP)) not in {*SPEAKERS, TRANSPORT}
    }

    assert strangers == {}, "call other systems through app/core/http.py"


@pytest.mark.parametrize("name", sorted(SPEAKERS))
def test_it_names_a_time_out_in_every_call(name):
    calls = [
        node
        for node in ast.walk(ast.parse((APP / name).read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CALLERS
        and any(word in ast.unparse(node.func.value) for word in ("requests", "_session"))
    ]

    assert calls
    for call in calls:
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        assert "timeout" in given, f"{name}:{call.lineno}"
        value = given["timeout"]
        assert not (isinstance(value, ast.Constant) and value.value is None)


@pytest.fixture
def silent_server() -> Iterator[str]:
    """A server that takes a connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def test_a_silent_server_is_given_up_on(silent_server, monkeypatch):
    monkeypatch.setattr(http, "READ_SECONDS", 0.2)
    client = OutgoingClient(user_agent="Assay/test", allow_loopback=True)
    started = time.monotonic()

    with pytest.raises(CallError, match="No answer"):
        client.call("GET", silent_server)

    assert time.monotonic() - started < 10


def test_the_usual_patience_is_seconds_not_minutes():
    assert 0 < http.CONNECT_SECONDS <= 10
    assert 0 < http.READ_SECONDS <= 30
