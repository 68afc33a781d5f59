"""Results of ClinicalTrials.gov as study files: adverse events by group, sorted, never added across groups."""

from carac.evidence.registry.layouts import raw_records, read_record, record_of
from carac.evidence.registry.record import Record
from carac.evidence.registry.study_file import TermReading, study_of_record

__all__ = ["Record", "TermReading", "raw_records", "read_record", "record_of", "study_of_record"]
