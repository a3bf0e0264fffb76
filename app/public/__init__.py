"""Verification pages and hosted documents; no session."""
