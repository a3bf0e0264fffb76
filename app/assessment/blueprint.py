"""The room's blueprint; its pages stand in `grantor_views` and `course_views`."""

from flask import Blueprint

bp = Blueprint("assessment", __name__)
