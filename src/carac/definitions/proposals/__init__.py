"""carac's own proposals: what no consensus settles. Their columns are marked as proposals wherever they show."""
