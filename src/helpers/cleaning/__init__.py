"""Clean: every row read is kept, merged or set aside with a reason, and the ledger closes."""
