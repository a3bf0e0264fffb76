"""The room's blueprint."""

from flask import Blueprint

bp = Blueprint("platforms", __name__)
