"""No log tells the secret of a session's address: not ours, not the server's, not the proxy's."""

import logging
import re
import runpy
from pathlib import Path

import pytest
import structlog
from gunicorn.config import Config

from app.core.logs import configure_logs
from tests import factories


@pytest.fixture
def mei(framed, session, world):
    """A student on the page of her work, in a browser without cookies."""
    factories.make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    mei = framed()
    mei.enter()
    return mei


def test_no_line_of_any_log_tells_the_secret(app, mei, capfd, caplog, monkeypatch):
    """Not even one that somebody writes by mistake, nor an error's."""
    caplog.set_level(logging.DEBUG)
    before = structlog.get_config()
    configure_logs("json")
    try:
        monkeypatch.setattr("app.evidence.views.get_assignment", _fail_with_its_address)
        page = mei.get()
        structlog.get_logger().info("by mistake", address=mei.path, seen=[{"path": mei.path}])
        logging.getLogger("werkzeug").info('"GET %s HTTP/1.1"', mei.path)
        mei.get(Sec_Fetch_Dest="document")
        mei.post(mei.path, {})
    finally:
        structlog.configure(**before)

    assert page.status_code == 500
    logged = capfd.readouterr().err
    assert "unexpected error" in logged
    assert "by mistake" in logged
    assert "/~…/" in logged
    assert mei.secret not in logged
    assert '"GET /~…/courses/' in caplog.text
    assert mei.secret not in caplog.text


def _fail_with_its_address(*_args, **_kwargs):
    from flask import request

    raise RuntimeError(f"no {request.url}")


def test_the_web_servers_own_lines_do_not_tell_it_either(mei):
    server = runpy.run_path("deploy/gunicorn.conf.py")
    logger = server["logger_class"](Config())
    for log in (logger.error_log, logger.access_log):
        record = log.makeRecord(
            "gunicorn", logging.ERROR, "x.py", 1, "Error handling request %s", (mei.path,), None
        )
        assert all(kept(record) for kept in log.filters)
        assert record.getMessage().startswith("Error handling request /~…/courses/")

    nginx = Path("deploy/nginx.conf").read_text()
    assert re.search(r"log_format assay [^;]*\$assay_uri", nginx)
    pattern = re.search(r'"~(\^/~[^"]+)"', nginx)[1].replace("(?<", "(?P<")
    assert re.fullmatch(pattern, mei.path)["rest"] == mei.path.removeprefix(f"/~{mei.secret}")
