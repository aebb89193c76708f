"""crmkit: from raw customer exports to a dated, explained list of what to do for whom."""

__version__ = "0.1.0"
