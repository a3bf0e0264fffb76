"""The room's blueprint; its pages stand in `status_views` and `class_views`."""

from flask import Blueprint

bp = Blueprint("passback", __name__)

COLUMN = "/courses/<int:course_id>/assignments/<int:assignment_id>"
ADDRESS = f"{COLUMN}/learners/<int:person_id>"
