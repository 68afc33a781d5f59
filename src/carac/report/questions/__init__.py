"""A section per question: what was asked, a figure, a table, and a sentence for the methods."""
