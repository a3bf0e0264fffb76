"""The room's blueprint; its pages stand in `login_views`, `course_views` and `deep_link_views`."""

from flask import Blueprint

bp = Blueprint("launch", __name__)
