"""A tool in the manner of PyLTI1p3's Flask example.

As there: the configuration is read from a JSON file on each request, state,
nonce and launch are kept in Flask-Caching's SimpleCache, the platform's keys
are fetched on each launch, and the launch itself answers with the page.
In its favour: the page that tests cookies before the login, one request more,
is left out, and the cache may hold more keys than its default of 500, so that
it loses no nonce. It writes no person and no course.
"""

import os

from content import achievement
from flask import Flask, render_template
from flask.typing import ResponseReturnValue
from flask_caching import Cache
from pylti1p3.contrib.flask import (
    FlaskCacheDataStorage,
    FlaskMessageLaunch,
    FlaskOIDCLogin,
    FlaskRequest,
)
from pylti1p3.tool_config import ToolConfJsonFile

app = Flask(__name__, template_folder="pages")
app.config.update(
    SECRET_KEY="only for the benchmark",
    CACHE_TYPE="SimpleCache",
    CACHE_DEFAULT_TIMEOUT=600,
    CACHE_THRESHOLD=100_000,
    SESSION_COOKIE_HTTPONLY=True,
)
cache = Cache(app)


def read_config() -> ToolConfJsonFile:
    """Read the registration and both keys from their files."""
    return ToolConfJsonFile(os.environ["BENCH_LTI_CONFIG"])


@app.route("/lti/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Keep state and nonce, send the browser to the platform."""
    asked = FlaskRequest()
    started = FlaskOIDCLogin(asked, read_config(), launch_data_storage=FlaskCacheDataStorage(cache))
    return started.redirect(asked.get_param("target_link_uri"))


@app.post("/lti/launch")
def launch() -> ResponseReturnValue:
    """Check the launch and render the page."""
    checked = FlaskMessageLaunch(
        FlaskRequest(), read_config(), launch_data_storage=FlaskCacheDataStorage(cache)
    )
    name = checked.get_launch_data().get("name", "")
    return render_template("page.html", achievement=achievement(), name=name)
