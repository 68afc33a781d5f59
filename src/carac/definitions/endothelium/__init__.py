"""Indices of endothelial injury."""
