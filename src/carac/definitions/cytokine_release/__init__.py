"""Cytokine release syndrome."""
