"""Definitions of a site, from a TOML file: the same language, checks and columns as those that carac brings."""
