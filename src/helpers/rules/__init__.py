"""Ordered rules over named columns: a small grammar that is parsed, never run as code, and schemes made of such rules.

A base that rooms share: tier schemes use it, and so can anything else that a person writes as `when: ...` in a YAML file.
"""
