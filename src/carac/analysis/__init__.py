"""What is counted over people: how the synthetic cohort compares with published figures and with its own truth."""
