"""The mechanism of a made-up cohort whose truth is known; it never grades and imports no definition."""
