"""Needs mining: what customers say, what they do, and what they are likely to need next."""
