"""Queries on the graded tables, through the engine that holds them; each gives small tables of counts or quartiles."""
