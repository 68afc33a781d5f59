"""Risk scores from values before treatment."""
