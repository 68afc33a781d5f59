"""Who writes a report: HTML, Word, PDF and CSV, from the same content."""
