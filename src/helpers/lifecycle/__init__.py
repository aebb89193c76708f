"""Lifecycle: states over time, moves between tiers with their causes, what hysteresis costs, whom to keep, park or retire."""
