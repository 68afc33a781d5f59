"""The command line: it reads options, calls `carac.api`, and shows; it decides nothing."""
