"""Checks on published figures: each compares what is printed with what it follows from, and changes nothing."""

from carac.evidence.audit.finding import AuditFinding, Weight
from carac.evidence.audit.run import audit, audit_table

__all__ = ["AuditFinding", "Weight", "audit", "audit_table"]
