"""Who sits in front of the browser: a cookie names one of the people."""

from typing import Any

from flask import Flask, abort, g, request

from app.sandbox.identities import people_of
from app.sandbox.lms import current_lms, current_profile
from app.sandbox.people import DEFAULT_PERSON, Person, find_person

PERSON_COOKIE = "practice_lms_person"


def install_people(app: Flask) -> None:
    """Make the signed-in person known to every page."""

    @app.before_request
    def _refuse_foreign_forms() -> None:
        if request.method != "GET" and not request.path.startswith("/lti/"):
            origin = request.headers.get("Origin")
            if origin is not None and origin != current_lms().config.issuer:
                abort(403)

    @app.context_processor
    def _people() -> dict[str, Any]:
        profile = current_profile()
        return {"person": current_person(), "people": people_of(profile), "profile": profile}


def current_person() -> Person:
    """Return who is signed in; at first it is the instructor."""
    if "person" not in g:
        chosen = find_person(request.cookies.get(PERSON_COOKIE))
        g.person = chosen if chosen in people_of(current_profile()) else DEFAULT_PERSON
    person: Person = g.person
    return person
