"""The room's blueprint."""

from flask import Blueprint

bp = Blueprint("approval", __name__)
