"""The seven axes, once: value, potential, activity, tenure and lifecycle, relationship, strategic, needs.

A base that the rooms share, not a room: schemes (lesson 03) and lifecycle (lesson 07) are views on the same table.
"""
