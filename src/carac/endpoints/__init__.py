"""Endpoints: who had what, when, who could have had it, and what ended the observation.

An analysis takes its arrays from here and counts nobody itself:

    from carac.endpoints.study import Study

    study = Study(graded)                                  # a graded cohort, endpoints and rules by default
    bleeds = study.outcome("clinically_relevant_bleeding", "to_100")
    aalen_johansen(bleeds.exit, bleeds.status, entry=bleeds.entry)

`bleeds` is an `Outcome`: one entry per person at risk, in the order of `bleeds.place`.

=============  ========================================================================================================
`exit`         day on which the observation ended, float, from 0
`status`       what ended it: 0 censored, 1 the event, 2 a competing event (death; by choice also next therapy or
               progression)
`entry`        last day before the observation began, minus infinity for who was observed from the infusion on; a
               person is at risk after `entry` and up to and with `exit`
`place`        row of each person in `study.people`
`column(x)`    any column of the infusions for these people: age, product, platelets_baseline__from, car_hematotox …
`flow`         who is not at risk, and why
=============  ========================================================================================================

`study.days("astct_crs", "lowest")` gives a day column as a matrix by infusion and day, for what changes with time;
`study.occurrences(name)` every event and patient-day of an endpoint, for recurrent events (`study.recurrent`).

What an endpoint is stands in ``endpoints.toml``; a user's own file has the same form (see `definition`). A patient-day
that could not be graded is not taken for a day without the event in silence: `study.outcome(..., reading=...)` says
what is made of it, and `Reading` what that means.
"""
