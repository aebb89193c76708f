"""Read any export through a profile: what was decided is written down, what cannot be read is set aside."""
