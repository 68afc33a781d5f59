"""Scores for disseminated intravascular coagulation."""
