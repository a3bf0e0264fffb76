"""A tool as PyLTI1p3's Flask example is (dmitry-viskov/pylti1.3-flask-example, at 8b3a307).

As there: the configuration is read from its JSON file on each request; state,
nonce and launch are kept in Flask-Caching's SimpleCache, under no session's
name, since the address is plain http; the login first sends the page that
tests cookies; the platform's keys are fetched on each launch; the launch
itself answers with the page. It writes no person and no course.

In its favour: debug is off; the claims are not printed unless
`BENCH_PRINT_CLAIMS` is set, as the example does for its reader; and the cache
may hold more keys than its default of 500, so that it loses no nonce.
"""

import os
import pprint

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

PRINTS_CLAIMS = "BENCH_PRINT_CLAIMS" in os.environ

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
    """Test cookies; then keep state and nonce, send the browser to the platform."""
    asked = FlaskRequest()
    started = FlaskOIDCLogin(asked, read_config(), launch_data_storage=FlaskCacheDataStorage(cache))
    return started.enable_check_cookies().redirect(asked.get_param("target_link_uri"))


@app.post("/lti/launch")
def launch() -> ResponseReturnValue:
    """Check the launch and render the page."""
    checked = FlaskMessageLaunch(
        FlaskRequest(), read_config(), launch_data_storage=FlaskCacheDataStorage(cache)
    )
    claims = checked.get_launch_data()
    if PRINTS_CLAIMS:
        pprint.pprint(claims)  # noqa: T203 (the example prints)
    return render_template("page.html", achievement=achievement(), name=claims.get("name", ""))
