"""What this LMS does for tools whose cookies are blocked: it may keep values for them.

Source: LTI postMessage Storage and LTI Client Side postMessages (1EdTech, 2022).
"""

from enum import StrEnum

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.sandbox.lms import Lms, current_lms
from app.sandbox.models import Setting

bp = Blueprint("browser_features", __name__)

STORAGE = "platform_storage"
FRAME = "practice_lms_storage"


class Storage(StrEnum):
    """Where values are kept for the tool, as real platforms differ in it."""

    PARENT = "_parent"
    FRAME = FRAME
    OFF = "off"


CHOICES = {
    Storage.PARENT: "On, in the page around the tool (as in Brightspace)",
    Storage.FRAME: "On, in a frame beside the tool (as in Canvas)",
    Storage.OFF: "Off, and no message is answered (as in Moodle)",
}


def storage_of(lms: Lms) -> Storage:
    """Return where values are kept; at first, where the LMS that this one behaves as keeps them."""
    chosen = lms.database.find_setting(STORAGE)
    return Storage(chosen or lms.profile.storage_target or Storage.OFF)


def set_storage(lms: Lms, storage: Storage) -> None:
    """Choose where values are kept."""
    with lms.database.writing() as session:
        session.merge(Setting(name=STORAGE, value=storage))


@bp.get("/browser-features")
def show() -> ResponseReturnValue:
    """Show the switch."""
    return render_template(
        "sandbox/browser_features.html", chosen=storage_of(current_lms()), choices=CHOICES
    )


@bp.post("/browser-features")
def choose() -> ResponseReturnValue:
    """Turn the switch."""
    asked = request.form.get("storage", "")
    if asked not in CHOICES:
        abort(400, "There is no such choice.")
    set_storage(current_lms(), Storage(asked))
    return redirect(url_for(".show", chosen=1), 303)


@bp.get("/storage-frame")
def storage_frame() -> ResponseReturnValue:
    """Hold the values, in a frame that the tool finds by its name."""
    return render_template("sandbox/storage_frame.html")
