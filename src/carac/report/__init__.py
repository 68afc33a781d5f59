"""The report: what a doctor reads and pastes into a paper; one content, written as HTML, Word, PDF and CSV."""
