"""Common Terminology Criteria for Adverse Events: one module per version, which states its differences."""
