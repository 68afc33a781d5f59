"""OMOP CDM 5.3 and 5.4: a folder of CSV or Parquet files, or a DuckDB file, read as the tables of a record."""

from carac.sources.omop.index import OmopOptions
from carac.sources.omop.reader import read_omop
from carac.sources.omop.tables import looks_like_omop, looks_like_omop_database

__all__ = ["OmopOptions", "looks_like_omop", "looks_like_omop_database", "read_omop"]
