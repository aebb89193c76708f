"""Exercises: generated from their solutions, checked in words."""
