import shutil

import pytest

from app.sandbox.config import LmsConfig
from app.sandbox.database import Database
from tests.practice_lms import LmsSession, running_lms
from tests.sandbox.mini_tool import running_tool
from tests.sandbox.service import Service


@pytest.fixture(scope="session")
def the_tool():
    with running_tool() as tool:
        yield tool


@pytest.fixture
def tool(the_tool):
    the_tool.reset()
    return the_tool


@pytest.fixture(scope="session")
def fresh_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("lms") / "fresh.sqlite"
    Database(path)
    return path


@pytest.fixture
def lms(tool, fresh_file, tmp_path):
    """The address of a practice LMS as it is after its first start."""
    path = tmp_path / "lms.sqlite"
    shutil.copy(fresh_file, path)
    with running_lms(tool.url, path) as url:
        yield url


@pytest.fixture
def browser(lms):
    with LmsSession(lms) as session:
        yield session


@pytest.fixture
def config(lms, tool, tmp_path):
    return LmsConfig(issuer=lms, tool_url=tool.url, database_path=tmp_path / "lms.sqlite")


@pytest.fixture
def service(fresh_file, tmp_path):
    """The services of a practice LMS as it is after its first start, without a wire."""
    path = tmp_path / "service.sqlite"
    shutil.copy(fresh_file, path)
    return Service(path)
