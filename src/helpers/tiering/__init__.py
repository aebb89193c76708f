"""Tier customers by what they did: recency, order count and spend, at an as-of date."""
