"""Haemophagocytic syndromes, and IEC-HS."""
