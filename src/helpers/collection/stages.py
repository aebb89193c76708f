"""Stages of collection: what the data allows."""
