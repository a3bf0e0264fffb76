"""The room's blueprint."""

from flask import Blueprint

bp = Blueprint("mapping", __name__, url_prefix="/courses/<int:course_id>")
