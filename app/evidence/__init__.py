"""Submissions, attempts and artifacts, and the storage that keeps their files."""
