"""The invented courses behind the teaching cohort: how a course is said, and the cases. SYNTHETIC throughout."""
