"""The audit: does it leave right tables alone, find planted errors, and work out what the review prints?"""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import make_audit_docs
from carac import evidence
from carac.evidence.audit import AuditFinding, Weight, audit, audit_table
from carac.evidence.audit.denominators import explaining
from carac.evidence.audit.rounding import fitting, rounded_twice, same_figure, zero_added
from carac.evidence.audit.whole_patients import counts_giving
from carac.findings import CaracError
from needs import ROOT
from support import published_tables as made
from support import published_tables_other_hand as other

# ---- arithmetic, worked by hand ----


@pytest.mark.parametrize(
    ("count", "denominator", "printed", "ways"),
    [
        (1, 160, "0.63", {"half up", "ceiling"}),  # 0.625
        (1, 160, "0.62", {"half even", "truncation"}),
        (113, 208, "54.32", {"truncation"}),  # 54.3269
        (12, 127, "9.5", {"ceiling"}),  # 9.449
        (46, 92, "50", {"half up", "half even", "truncation", "ceiling"}),
        (8, 92, "8.70", {"half up", "half even", "ceiling"}),  # 8.6957
        (8, 92, "8.7", {"half up", "half even", "ceiling"}),
        (2, 180, "1.18", set()),  # 1.1111
        (0, 132, "0", {"half up", "half even", "truncation", "ceiling"}),
        (0, 0, "0", set()),
    ],
)
def test_roundings_that_fit(count: int, denominator: int, printed: str, ways: set[str]) -> None:
    assert set(fitting(count, denominator, printed)) == ways


@pytest.mark.parametrize(
    ("count", "printed", "first", "last"),
    [
        (2, "1.18", 169, 170),  # 2/168 = 1.190, 2/169 = 1.183, 2/170 = 1.176, 2/171 = 1.170
        (2, "1.19", 168, 168),
        (65, "31.25", 208, 208),
        (13, "2.8", 457, 472),  # 13/456 = 2.851, 13/457 = 2.845, 13/472 = 2.754, 13/473 = 2.748
    ],
)
def test_denominators_that_explain(count: int, printed: str, first: int, last: int) -> None:
    found = explaining(count, printed)
    assert (found[0], found[-1]) == (first, last)


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 400), st.integers(1, 3000), st.integers(0, 2))
def test_the_true_denominator_is_always_among_those_that_explain(count: int, denominator: int, places: int) -> None:
    count = min(count, denominator)
    printed = made.percentage(count, denominator, places, "half_up")
    found = explaining(count, printed)
    assert float(printed) == 0 or denominator in found
    # Tried one by one, none outside the range fits; fewer people than had it are no denominator.
    for n in range(max(count, denominator - 60), denominator + 60):
        assert bool({"half up", "half even"} & set(fitting(count, n, printed))) == (n in found) or float(printed) == 0


def test_whole_patients() -> None:
    assert counts_giving(56, "32.8") == {}  # 18 of 56 are 32.14, 19 are 33.93
    assert counts_giving(56, "12.5") == {7: ("half up", "half even", "truncation", "ceiling")}
    assert counts_giving(561, "6.7") == {38: ("truncation",)}  # 37 are 6.595, 38 are 6.774


def test_rounded_twice_and_zero_added() -> None:
    assert rounded_twice(12, 127, "9.5")
    assert not rounded_twice(12, 127, "9.6")
    assert zero_added(1, 92, "1.10")
    assert not zero_added(1, 92, "1.20")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("7.1", "7.06", True),
        ("0.7", "0.71", True),
        ("9.5", "9.4", False),
        ("20", "19.6", True),
        ("-0.4", "-0.44", True),
    ],
)
def test_one_figure_printed_twice(one: str, other: str, same: bool) -> None:
    assert same_figure(one, other) == same
    assert same_figure(other, one) == same


# ---- right tables ----


@pytest.mark.parametrize("rounding", made.ROUNDINGS)
def test_right_tables_have_no_finding(rounding: str) -> None:
    for seed in range(40):
        findings, read = audit_table(made.right_table(seed, rounding).text)
        assert findings == []
        assert read.unread == ()
        assert read.unchecked == 0


@pytest.mark.parametrize("manner", other.MANNERS)
def test_right_tables_in_other_manners_have_no_finding(manner: str) -> None:
    for seed in range(20):
        findings, read = audit_table(other.MANNERS[manner](random.Random(seed)).text)
        assert findings == []
        assert read.figures > 0


# ---- planted errors ----


def found_in(kind: str, tables: int = 40) -> float:
    """The part of planted errors of one kind on whose row the audit remarks."""
    planting = getattr(made, kind, None) or getattr(other, kind)
    hits = 0
    for seed in range(tables):
        table = made.table_with(planting, seed)
        assert table.place is not None
        hits += any(f"row {table.place[0] + 2} " in one.where for one in audit_table(table.text)[0])
    return hits / tables


@pytest.mark.parametrize("kind", [kind.__name__ for kind in (*made.DESCRIBED, *made.UNDESCRIBED)])
def test_planted_errors_are_found(kind: str) -> None:
    # Some fit by chance (2 of 150 and 2 of 151 are both 1.3 %); the proof has the rates of each kind.
    assert found_in(kind) >= 0.85


@pytest.mark.parametrize("kind", [kind.__name__ for kind in other.KINDS])
def test_errors_of_another_hand_are_found(kind: str) -> None:
    # A zero typed twice behind the point changes no figure (44.0 and 44.00); the proof has the rates.
    assert found_in(kind, 20) >= 0.85


@pytest.mark.parametrize("kind", [kind.__name__ for kind in made.INVISIBLE])
def test_what_a_table_cannot_show_is_mostly_missed(kind: str) -> None:
    # Were this to fail, the audit would be seeing what is not there.
    assert found_in(kind) <= 0.6


def test_the_rates_are_stored_and_have_no_false_alarm() -> None:
    figures = json.loads(make_audit_docs.PROOF.read_text(encoding="utf-8"))["figures"]
    assert figures["right tables"]["tables with a finding"] == 0
    assert {name: one["tables with a finding"] for name, one in figures["right tables by another hand"].items()} == (
        dict.fromkeys(other.MANNERS, 0)
    )
    assert set(figures["planted errors"]) == {
        kind.__name__ for kind in (*made.DESCRIBED, *made.UNDESCRIBED, *other.KINDS, *made.INVISIBLE)
    }


# ---- the review ----


@pytest.fixture(scope="module")
def of_the_review() -> list[AuditFinding]:
    """What the audit finds in the shipped studies."""
    return audit(evidence.load())


def test_the_contradictions_of_the_review_are_these(of_the_review: list[AuditFinding]) -> None:
    found = {(one.study, one.printed): one for one in of_the_review if one.weight is Weight.CONTRADICTION}
    assert set(found) == {
        ("zuma_7", "2 (1.18)"),
        ("zuma_7", "2 (1.19)"),
        ("cartitude_4", "65 (31.25)"),
        ("rejeski_2025", "13 (2.8)"),
    }
    assert "169 to 170" in found[("zuma_7", "2 (1.18)")].arithmetic
    assert "Cilta-cel" in found[("cartitude_4", "65 (31.25)")].reading
    assert "457 to 472" in found[("rejeski_2025", "13 (2.8)")].arithmetic


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("sources_disagree", ("9.5 here and 9.4 there",)),
        ("figures_disagree", ("97", "96")),
        ("number_of_studies", ("12 are in the tables", "Rejeski")),
        ("number_of_studies", ("5 have at least one event", "KaRMMA-3 gives fatal bleeding only")),
        ("total_and_table", ("= 366, 13 fewer than 379",)),
        ("total_and_table", ("= 32, 3 fewer than 35",)),
        ("range_and_table", ("14.7 % is no whole number", "25 of 170")),
        ("range_and_table", ("2.4 % (Ko",)),
        ("percentage_of_no_whole_patient", ("18 of 56", "cumulative incidence")),
        ("parts_do_not_add_up", ("359, 41 fewer than 400",)),
        ("vessels_and_thrombosis", ("8 venous and 1 arterial",)),
        ("rounded_in_another_way", ("54.3269", "truncation")),
    ],
)
def test_the_review_has_this_finding(of_the_review: list[AuditFinding], kind: str, words: tuple[str, ...]) -> None:
    texts = [f"{one.arithmetic} {one.reading}" for one in of_the_review if one.kind == kind]
    assert any(all(word in text for word in words) for text in texts), texts


def test_the_page_is_what_the_tool_writes() -> None:
    committed = make_audit_docs.DOCUMENT.read_text(encoding="utf-8")
    assert committed == make_audit_docs.document(), "python tools/make_audit_docs.py"
    assert (ROOT / "docs" / "audit_of_the_review.md") == make_audit_docs.DOCUMENT


def test_the_audit_changes_no_study() -> None:
    before = evidence.load().studies
    audit(before)
    assert evidence.load().studies == before


# ---- what a text says of its tables: made-up reviews, right and with one planted error ----

DOI = "10.1000/made.up"


def made_review(seed: int, **planted: str) -> list[evidence.Study]:
    """Trials and cohorts with a review whose text is true of them, but for the values that are planted.

    Parameters
    ----------
    planted: low, high (of the range of the cohorts), studies, with_events, total: what the text says instead.
    """
    luck = random.Random(seed)
    studies = []
    for number in range(luck.randint(4, 8)):
        n = luck.randint(40, 300)
        counts = {"venous_thromboembolism": luck.randint(0, n // 9), "bleeding": luck.randint(1, n // 6)}
        studies.append(
            evidence.Study(
                name=f"study_{number}",
                title=f"Study {number}",
                design="retrospective_cohort",
                citations=(evidence.Citation("A", "T", cited_by="review"),),
                sources=(evidence.Source("table", "publication", "as in the review", DOI),),
                arms=(evidence.Arm("car_t", "CAR-T", "car_t", n),),
                outcomes=tuple(
                    evidence.Outcome(
                        outcome=name,
                        arm="car_t",
                        source="table",
                        cell=evidence.Cell("Table 2", f"Study {number}", name),
                        count=count,
                        denominator=n,
                        denominator_from="row",
                        percentage=made.percentage(count, n, 1, "half_up"),
                    )
                    for name, count in counts.items()
                ),
            )
        )
    clots = [next(one.outcomes_of("venous_thromboembolism")) for one in studies]
    shown = sorted((one.percentage for one in clots), key=float)
    truth = {
        "low": shown[0],
        "high": shown[-1],
        "studies": str(len(studies)),
        "with_events": str(sum((one.count or 0) > 0 for one in clots)),
        "total": str(sum(one.arms[0].n or 0 for one in studies)),
    } | planted
    names, cohorts, place = tuple(one.name for one in studies), ("retrospective_cohort",), evidence.Cell("Results")
    venous = ("venous_thromboembolism",)
    review = evidence.Study(
        name="review",
        title="Review",
        design="review",
        citations=(evidence.Citation("A", "T", doi=DOI),),
        sources=(evidence.Source("text", "review", "the text", DOI),),
        arms=(),
        claims=(
            evidence.Claim("range", "text", place, venous, cohorts, "car_t", low=truth["low"], high=truth["high"]),
            evidence.Claim("studies", "text", place, (), cohorts, "", value=truth["studies"]),
            evidence.Claim("studies_with", "text", place, venous, cohorts, "car_t", value=truth["with_events"]),
            evidence.Claim("total", "text", place, (), cohorts, "car_t", value=truth["total"], studies=names),
        ),
    )
    return [*studies, review]


@pytest.mark.parametrize("seed", range(40))
def test_a_text_that_is_true_of_its_tables_has_no_finding(seed: int) -> None:
    assert audit(made_review(seed)) == []


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        ("low", "range_and_table"),
        ("high", "range_and_table"),
        ("studies", "number_of_studies"),
        ("with_events", "number_of_studies"),
        ("total", "total_and_table"),
    ],
)
def test_a_text_that_is_not_true_of_its_tables_has_one(what: str, kind: str) -> None:
    for seed in range(20):
        claims = made_review(seed)[-1].claims
        true = {
            "low": claims[0].low,
            "high": claims[0].high,
            "studies": claims[1].value,
            "with_events": claims[2].value,
            "total": claims[3].value,
        }[what]
        wrong = f"{float(true) + 0.3:.1f}" if "." in true else str(int(true) + 1)
        assert [one.kind for one in audit(made_review(seed, **{what: wrong}))] == [kind]


# ---- tables of a user ----

WIDE = 'Study,N,VTE n (%),Bleeding\nA,180,2 (1.18),3 (1.67)\nB,"2,657",34 (1.3),87 (3.3)\n'
BY_OUTCOME = "Outcome\tCAR-T (N=180)\tSoC (n = 179)\nVTE\t2 (1.18)\t2 (1.12)\nBleeding\t3 (1.67)\t0 (0)\n"
LONG = "study;outcome;events;N;percent\nA;VTE;2;180;1.18\nA;Bleeding;3;180;1,67\n"
MARKDOWN = "| Study | N | VTE |\n| --- | --- | --- |\n| A | 180 | 2 (1.18%) |\n| B | 92 | 3/92 (3.26) |\n"
BLANKS = "Study   Sample size   VTE\nA   180   2 (1.18)\nB   92   3 (3.26)\n"


@pytest.mark.parametrize("text", [WIDE, BY_OUTCOME, LONG, MARKDOWN, BLANKS])
def test_a_table_is_read_in_each_layout(text: str) -> None:
    findings, _ = audit_table(text)
    assert [one.printed for one in findings] == ["2 (1.18)"]


def test_a_decimal_comma_and_several_figures_in_a_cell() -> None:
    findings, read = audit_table("Study\tN\tBleeding\nA\t160\tSerious: 2 (1,25) Non-serious: 10 (6,52)\n")
    assert read.figures == 2
    assert [one.printed for one in findings] == ["Non-serious: 10 (6.52)"]


def test_what_is_not_read_is_told() -> None:
    _, read = audit_table("Study,N,VTE,Age\nA,92,3 (3.26),61.5\nB,,2 (1.0),60\n")
    assert read.figures == 2
    assert read.unchecked == 1
    assert read.unread == ((2, "Age", "61.5"), (3, "Age", "60"))


def test_more_patients_than_there_are() -> None:
    findings, _ = audit_table("Study,N,VTE\nA,92,93 (101.1)\n")
    assert [one.kind for one in findings] == ["more_than_all"]


@pytest.mark.parametrize("text", ["", "one line", "a,b\nc,d\n"])
def test_a_text_without_figures_is_refused(text: str) -> None:
    with pytest.raises(CaracError) as caught:
        audit_table(text)
    assert str(caught.value).endswith(".")
