"""The sections of the report, one module each; every one is a function from the material to a section."""
