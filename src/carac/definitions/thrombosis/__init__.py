"""Thrombosis: what an event is, by vessel, and whether it counts as a new one."""
