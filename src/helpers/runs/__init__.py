"""A run: sources, an as-of date, settings and a folder. The only room that writes."""

from helpers.runs.run import Run

__all__ = ["Run"]
