"""The figures, one module each; every one returns an Altair chart."""
