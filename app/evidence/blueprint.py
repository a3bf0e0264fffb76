"""The room's blueprint: learners' work, and what was handed in."""

from flask import Blueprint

bp = Blueprint("evidence", __name__)
