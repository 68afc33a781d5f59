"""The sorting of coagulopathy: infusions by place and product, places by day, what explains them, DIC calls."""

from __future__ import annotations

from carac.definitions.proposals.carac import UNCONFIRMED
from carac.definitions.proposals.sorting.explanations import EXPLANATIONS
from carac.definitions.proposals.sorting.places import LABORATORY_DIC
from carac.report import words
from carac.report.content import Block, Figure, Paragraph, Section, Table, Voice
from carac.report.figures.course import fewest
from carac.report.figures.places_by_day import COLOURS, places_by_day
from carac.report.material import Material
from carac.report.queries import sorting as counted
from carac.report.queries.sorting import ABNORMAL, RANGE

TITLES = {
    5: "Overt DIC with a clinical event",
    4: "Laboratory DIC without a clinical event",
    3: "CARAC",
    2: "Laboratory coagulopathy",
    1: "Isolated laboratory abnormality",
    0: "No abnormality",
}
EXPLAINED_BY = {
    "marrow": "Marrow suppression",
    "tocilizumab": "Tocilizumab",
    "asparaginase": "Asparaginase",
    "anticoagulant_prothrombin": "Anticoagulant on prothrombin time",
    "anticoagulant_aptt": "Anticoagulant on aPTT",
    "liver": "Liver injury",
    "replacement": "Replacement (values flatter)",
    "dilution": "Dilution",
    "acute_phase_mask": "Acute phase hides a fall of fibrinogen",
}
DEATHS = {
    "no_dic": "never reached DIC",
    "alive": "reached it, and no death is recorded",
    "with_dic": "died with DIC, not from it",
    "from_dic": "perhaps died from DIC, which a clinician has to judge",
    "adjudicate": "died, and the record cannot tell whether with or from DIC",
}


def section(material: Material) -> Section:
    """The sorting, marked as a proposal, with the thresholds that no source confirms."""
    title = "Sorting of coagulopathy (proposal of carac)"
    if not counted.is_sorted(material):
        return Section("sorting", title, (Paragraph("The sorting of coagulopathy was not graded."),))
    until = material.options.worst_until
    blocks: list[Block] = [
        Paragraph(
            '"Coagulopathy" means anything from one odd value to overt DIC. Here each infusion has one place: the worst'
            f" that its days 0 to {until} show. What could explain an abnormality stands beside the place and never"
            " changes it."
        ),
        Paragraph(f"No consensus settles these places; they are carac's own proposal. {UNCONFIRMED}", Voice.CAUTION),
        _places(material),
    ]
    if not material.options.hide_small_cells:
        blocks.append(_figure(material))
    blocks += [_explained(material), _calls(material), *_deaths(material)]
    return Section("sorting", title, tuple(blocks))


def _places(material: Material) -> Table:
    """Infusions by the place that the record shows; one column per product."""
    rows = counted.infusions_by_place(material)
    products = sorted({str(row["product"] or "") for row in rows}, key=lambda p: (p == "", p))
    columns: list[tuple[str, ...] | None] = [None, *((product,) for product in products)]

    def number(place: int | None, column: tuple[str, ...] | None) -> int:
        return sum(
            int(str(row["n"]))
            for row in rows
            if row["place"] == place and (column is None or (str(row["product"] or ""),) == column)
        )

    totals = [sum(number(place, column) for place in (*TITLES, None)) for column in columns]
    made = []
    for place, title in (*TITLES.items(), (None, "Nothing known")):
        counts = [number(place, column) for column in columns]
        if place is None and not counts[0]:
            continue
        cells = (material.writer.count_percent(n, of) for n, of in zip(counts, totals, strict=True))
        made.append((title, *cells))
    names = (words.product_short(product or None) for product in products)
    header = ("Place", *(f"{name}, n (%)" for name in ("All", *names)))
    notes = [
        "The worst place that the record surely shows.",
        f"{material.writer.count(counted.open_above(material), totals[0])} of {totals[0]} infusions have days on which"
        " what is missing leaves a worse place open; days without any coagulation value count in neither.",
    ]
    return Table("sorting", "Infusions by place in the sorting, and by product", header, tuple(made), tuple(notes))


def _figure(material: Material) -> Figure:
    found = counted.places_by_day(material)
    said = []
    for place, (title, _) in COLOURS.items():
        by_day = {day: counts.get(place, 0) for day, counts in found.items()}
        day = max(by_day, key=lambda d: by_day[d])
        if by_day[day] and place not in (ABNORMAL, RANGE):
            said.append(f"{title} at most in {by_day[day]} infusions, on day {day}")
    return Figure(
        "places_by_day",
        "Sorting of coagulopathy by day",
        places_by_day(material, found),
        f"Share of infusions in each place by day. {'; '.join(said)}.",
        (
            "Sand and grey: what is missing leaves the place open. Who has no coagulation value that day is left out;"
            f" days with fewer than {words.plural(fewest(material), 'infusion')} with one have no bar.",
        ),
    )


def _explained(material: Material) -> Table:
    """Which explanation stands beside abnormal days."""
    found = counted.explained_by_place(material)
    write = material.writer
    every = sum(one.days for one in found.values())
    dic = sum(one.days for place, one in found.items() if place >= LABORATORY_DIC)

    def cells(title: str, counts: dict[int, int]) -> tuple[str, ...]:
        with_dic = sum(n for place, n in counts.items() if place >= LABORATORY_DIC)
        return title, write.count_percent(sum(counts.values()), every), write.count_percent(with_dic, dic)

    rows = [
        cells(EXPLAINED_BY[name], {place: one.with_each[name] for place, one in found.items()}) for name in EXPLANATIONS
    ]
    rows.append(cells("None of them", {place: one.none for place, one in found.items()}))
    header = (
        "Could explain",
        f"Abnormal days (n = {write.count(every)}), n (%)",
        f"Days with DIC (n = {write.count(dic)}), n (%)",
    )
    notes = (
        "Days on which the explanation surely holds; several may hold on one day. A day whose inputs are missing counts"
        " as not explained.",
    )
    return Table("sorting_explanations", "What could explain the abnormal days", header, tuple(rows), notes)


def _calls(material: Material) -> Table:
    """DIC as printed, and with the points of explained items set aside."""
    write = material.writer
    rows = [
        (
            one.title,
            write.count_percent(one.printed, one.known),
            write.count_percent(one.supported, one.printed),
            write.count_percent(one.explained, one.printed),
            write.count_percent(one.open, one.printed),
            write.count_percent(one.days_explained, one.days_printed),
        )
        for one in counted.dic_calls(material)
    ]
    header = (
        *("Score", "Called as printed, n (%)", "Stays on a day", "No longer on any day", "Open"),
        "Days no longer called, n (%)",
    )
    notes = (
        "Infusions called on any day of the window, of those of whom the score is known in part; then of those called."
        " The adjusted reading sets the points of explained items aside and keeps the threshold: exploratory, not"
        " validated, and never in place of the printed score.",
    )
    return Table(
        "dic_printed_and_adjusted", "DIC as printed and with explained points set aside", header, tuple(rows), notes
    )


def _deaths(material: Material) -> list[Block]:
    found = counted.with_or_from(material)
    if not found or material.options.hide_small_cells:
        return []
    said = [f"{found[word]} {text}" for word, text in DEATHS.items() if word in found]
    return [Paragraph(f"Death with DIC or from DIC, by infusion: {'; '.join(said)}.")]
