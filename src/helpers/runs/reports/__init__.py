"""The parts of the report: one module per subject, each `<subject>_sections(run)` returns what that subject has to say."""
