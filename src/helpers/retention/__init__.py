"""Retention: signals that are proven, responses with an owner and a date, lists that fit the team (lesson 06)."""
