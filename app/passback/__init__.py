"""Scores to the gradebook: what a status means there, line items, the AGS client."""

from app.passback.sender import delivery_handlers

__all__ = ["delivery_handlers"]
