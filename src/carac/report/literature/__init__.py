"""Pages on published evidence: a pooled outcome, a comparison of arms, the living review."""
