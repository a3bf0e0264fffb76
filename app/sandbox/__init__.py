"""A practice LMS: a small, strict LTI 1.3 platform for newcomers and for the tests.

It is a program of its own (`python -m app.sandbox`). No room imports it, so
the production program cannot reach it.
"""
