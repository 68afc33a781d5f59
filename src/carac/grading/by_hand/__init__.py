"""One case by hand: values as a user types them, through the same expressions as a cohort."""
