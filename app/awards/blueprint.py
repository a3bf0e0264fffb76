"""The room's blueprint; the views fill it."""

from flask import Blueprint

bp = Blueprint("awards", __name__)
