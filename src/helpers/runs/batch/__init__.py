"""Batches: many runs from one file, planned and checked as a whole, in parallel, resumable, compared on one page."""
