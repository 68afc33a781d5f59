"""Immune effector cell-associated neurotoxicity syndrome."""
