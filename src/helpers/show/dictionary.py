"""The data dictionary as a page, made from the schemas, so that it never says something else than the code."""

from __future__ import annotations

from helpers.tables import KIND_SAYS, TABLES


def dictionary_markdown() -> str:
    """Return the page `docs/data_dictionary.md`: every canonical table and column, what it means and what is allowed."""
    parts = ["# Data dictionary\n", "The sixteen canonical tables. This page is generated from `helpers/tables.py` (`crmkit dictionary`).\n"]
    for table in TABLES.values():
        dated = f" Placed in time by `{table.dated_by}`." if table.dated_by else ""
        parts.append(f"\n## {table.name}\n\n{table.says[0].upper()}{table.says[1:]}. Key: {', '.join(f'`{k}`' for k in table.key)}.{dated}\n")
        parts.append("| column | type | required | allowed | meaning |\n|---|---|---|---|---|")
        for c in table.columns:
            span = ", ".join(c.allowed) or (f"{c.low:g} to {c.high:g}" if c.low is not None and c.high is not None else f"at least {c.low:g}" if c.low is not None else "")
            says = c.says + (" (contact data: not in outputs unless asked for)" if c.contact else "")
            parts.append(f"| `{c.name}` | {KIND_SAYS[c.kind]} | {'yes' if c.required else ''} | {span} | {says} |")
    return "\n".join(parts) + "\n"
