"""What several test modules share: case files as records, engines, comparisons of result tables."""
