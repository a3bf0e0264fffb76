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
    """A database file as it is after the first start; tests begin with a copy."""
    path = tmp_path_factory.mktemp("lms") / "fresh.sqlite"
    Database(path)
    return path


@pytest.fixture(scope="session")
def the_config(the_tool, fresh_file):
    path = fresh_file.with_name("served.sqlite")
    shutil.copy(fresh_file, path)
    with running_lms(the_tool.url, path) as url:
        yield LmsConfig(issuer=url, tool_url=the_tool.url, database_path=path)


@pytest.fixture
def config(tool, the_config, fresh_file):
    shutil.copy(fresh_file, the_config.database_path)
    return the_config


@pytest.fixture
def lms(config):
    """The address of a practice LMS that holds what it held after its first start."""
    return config.issuer


@pytest.fixture
def visitor(lms):
    with LmsSession(lms) as session:
        yield session


@pytest.fixture(scope="session")
def the_service(fresh_file):
    path = fresh_file.with_name("service.sqlite")
    shutil.copy(fresh_file, path)
    return Service(path)


@pytest.fixture
def service(the_service, fresh_file):
    """The services of a practice LMS as it is after its first start, without a wire."""
    shutil.copy(fresh_file, the_service.config.database_path)
    return the_service
