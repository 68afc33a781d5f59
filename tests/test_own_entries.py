"""What a site may write in its file, and what is refused: one sentence with the line and what would be right."""

from __future__ import annotations

import pytest

from carac.definitions.own.entries import SiteFile
from carac.language.definition import Certainty, Status
from site_files import bands, entry, made, one, refused

BELOW = "below = [[10, 1]]"
ITEM = '{ analyte = "platelets", below = [[50, 1]] }'
MET = '{ analyte = "platelets", below = 50 }'
FATAL = '{ grade = 1, any = ["fatal"] }'
RUN = ('analyte = "neutrophils"', 'unit = "/uL"', "below = 200", "days = [[5, 1], [10, 2]]")


def points(*items: str, more: str = "") -> str:
    """A score of these items."""
    return entry("points", f"items = [{', '.join(items)}]", more)


def count(*criteria: str, enough: str = "1") -> str:
    """A count of these criteria."""
    return entry("count", f"criteria = [{', '.join(criteria)}]", f"at_least_met = {enough}")


def formula(text: str, *more: str) -> str:
    """An index."""
    return entry("formula", f'formula = "{text}"', *more)


def run(*more: str, without: str = "nothing") -> str:
    """A run of low neutrophils."""
    return entry("run", *(line for line in RUN if not line.startswith(without)), *more)


def event(*criteria: str, more: str = "", kind: str = "bleeding") -> str:
    """A grade of a bleed."""
    return entry("event", f'kind = "{kind}"', f"criteria = [{', '.join(criteria)}]", more)


#: What is wrong, and all that is said of it behind file, line and name.
WRONG = [
    # A file.
    ("", "has no definition; write [name] and its keys below."),
    ("x = 1", "line 1: x: every definition is a table"),
    ("[site_a", "is not TOML"),
    (bands(BELOW, name="Site"), "line 1: Site: a name has 3 to 40 small letters"),
    (bands(BELOW, name="ab"), "a name has 3 to 40 small letters"),
    (bands(BELOW, name="a" * 41), "a name has 3 to 40 small letters"),
    (bands(BELOW, name="site__a"), "small letters, digits and single underscores"),
    (bands(BELOW, name="isth_overt_dic_2025"), "choose another, such as site_isth_overt_dic_2025."),
    # Keys and words.
    (bands("belo = [[10, 1]]"), "line 6: site_a: the key 'belo' is not known. Did you mean below?"),
    (bands(BELOW, "zzz = 1"), "line 7: site_a: the key 'zzz' is not known. There are: shape, title, source,"),
    (bands(BELOW, leave_out="source"), "line 1: site_a: source is missing."),
    (bands(BELOW, "title = 3", leave_out="title"), "line 6: site_a: title is 3; it must be a text."),
    (bands(BELOW, 'title = " "', leave_out="title"), "title is ' '; it must be a text."),
    (bands(BELOW, "version = 2"), "version is 2; it must be a text."),
    (bands(BELOW).replace('"bands"', '"band"'), "line 2: site_a: shape is 'band'. Did you mean bands?"),
    (bands(BELOW).replace('"bands"', '"z"'), "shape is 'z'. It must be one of bands, points, count, formula,"),
    (bands(BELOW, 'choices = "one"'), "choices must be a list of texts."),
    (bands(BELOW, 'choices = ["one", 2]'), "choices must be a list of texts."),
    (bands(BELOW, 'per = "week"'), "per is 'week'. It must be one of day, infusion."),
    # What is read.
    (entry("bands", BELOW), "name what is read by one of analyte, assessment or patient."),
    (bands(BELOW, 'assessment = "temperature"'), "name what is read by one of analyte, assessment or patient."),
    (bands(BELOW).replace("platelets", "platlets"), "analyte 'platlets' is not known. Did you mean platelets?"),
    (bands(BELOW).replace('"platelets"', '"zzz"'), "analyte 'zzz' is not known."),
    (bands(BELOW, 'unit = "mg/dL"'), "line 7: site_a: the unit 'mg/dL' is not known for platelets; there are 10^9/L, "),
    (entry("bands", 'analyte = "d_dimer"', 'unit = "ug/mL"', "above = [[1, 1]]"), "the unit 'ug/mL' is not known for"),
    (bands(BELOW, 'against = "lower_limit"', 'unit = "10^9/L"'), "a multiple of the limit has no unit"),
    (bands(BELOW, 'against = "upper_limit"', 'unit = "10^9/L"'), "a multiple of the limit has no unit"),
    (bands(BELOW, 'against = "upper"'), "against is 'upper'. Did you mean upper_limit?"),
    (bands(BELOW, 'per = "infusion"', 'against = "above_upper_limit"'), "above_upper_limit is read per day only."),
    (entry("bands", 'assessment = "temprature"', BELOW), "assessment 'temprature' is not known. Did you mean temp"),
    (entry("bands", 'assessment = "temperature"', 'unit = "degF"', BELOW), "temperature is read in degC; leave the"),
    (entry("bands", 'assessment = "temperature"', 'against = "upper_limit"', BELOW), "leave against out."),
    (entry("bands", 'patient = "age"', BELOW), 'is read per infusion; write per = "infusion".'),
    (entry("bands", 'patient = "ages"', 'per = "infusion"', BELOW), "patient is 'ages'. Did you mean age?"),
    (entry("bands", 'patient = "weight"', 'unit = "lb"', 'per = "infusion"', BELOW), "weight is read in kg; leave the"),
    (entry("bands", 'patient = "age"', 'against = "value"', 'per = "infusion"', BELOW), "leave against out."),
    # Cut-points.
    (bands(), "there is no cut-point; write one of below, at_most, above, at_least."),
    (bands("below = []"), "below is a list of [cut-point, points], such as below = [[50, 2], [100, 1]]."),
    (bands("above = 3"), "above is a list of [cut-point, points], such as above = [[50, 1], [100, 2]]."),
    (bands("at_most = [10, 1]"), "at_most is a list of [cut-point, points], such as at_most = [[50, 2], [100, 1]]."),
    (bands("below = [[10]]"), "below is a list of [cut-point, points]"),
    (bands("below = [[10, 1, 2]]"), "below is a list of [cut-point, points]"),
    (bands('below = [["10", 1]]'), "below is a list of [cut-point, points]"),
    (bands("below = [[10, true]]"), "below is a list of [cut-point, points]"),
    (bands("below = [[nan, 1]]"), "below is a list of [cut-point, points]"),
    (bands("below = [[inf, 1]]"), "below is a list of [cut-point, points]"),
    (bands("below = [[10, 1.5]]"), "below: points and grades are whole numbers from 1 to 100; without, 0."),
    (bands("below = [[10, 0]]"), "below: points and grades are whole numbers from 1 to 100"),
    (bands("below = [[10, 101]]"), "below: points and grades are whole numbers from 1 to 100"),
    (bands("below = [[10, 1], [10, 2]]"), "below has one cut-point twice."),
    (bands("below = [[10, 1], [50, 2]]"), "a worse value has to give more: the points or grades do not rise with"),
    (bands("below = [[10, 1], [50, 1]]"), "a worse value has to give more"),
    (bands("above = [[10, 2], [50, 1]]"), "a worse value has to give more"),
    (bands(BELOW, "above = [[50, 2]]"), "cut-points of low and of high values do not go together in one item."),
    (bands("at_most = [[10, 1]]", "at_least = [[50, 2]]"), "do not go together in one item."),
    # Scores.
    (points(), "items must be a list of tables, such as items = [{ … }, { … }]."),
    (entry("points", "items = 3"), "items must be a list of tables"),
    (entry("points", f"items = [{ITEM}, 3]"), "items must be a list of tables"),
    (entry("points"), "items must be a list of tables"),
    (points(ITEM, '{ analyte = "inr" }'), "site_a: items, number 2: there is no cut-point"),
    (points('{ analyte = "inr" }'), "site_a: items, number 1: there is no cut-point"),
    (points(ITEM, ITEM), "two of its items are called platelets; give one a name of its own."),
    (points('{ name = "a b", analyte = "inr", above = [[2, 1]] }'), "name 'a b' has to be one word of at most 30"),
    (points('{ name = "a__b", analyte = "inr", above = [[2, 1]] }'), "name 'a__b' has to be one word"),
    (points(f'{{ name = "{"a" * 31}", analyte = "inr", above = [[2, 1]] }}'), "has to be one word of at most 30"),
    (points('{ name = "lowest", analyte = "inr", above = [[2, 1]] }'), "two of its columns would be called site_a__l"),
    (points(ITEM, more="reading = 3"), "site_a: reading: name is missing."),
    (points(ITEM, more='reading = { name = "high" }'), "site_a: reading: at_least is missing."),
    (points(ITEM, more='reading = { name = "high", above = 2 }'), "reading: the key 'above' is not known."),
    (points(ITEM, more='reading = { name = "a b", at_least = 1 }'), "name has to be one word of at most 30 letters"),
    (points(ITEM, more=f'reading = {{ name = "{"a" * 31}", at_least = 1 }}'), "name has to be one word of at most 30"),
    (points(ITEM, more='reading = { name = "high", at_least = 1.5 }'), "at_least is 1.5; it must be a whole number."),
    (points(ITEM, more='reading = { name = "high", at_least = "1" }'), "at_least is '1'; it must be a number."),
    (points(ITEM, more='reading = { name = "high", at_least = true }'), "at_least is True; it must be a number."),
    (points(ITEM, more='reading = { name = "high", at_least = 1.01e12 }'), "it must be a number."),
    (points(ITEM, more='reading = { name = "high", at_least = -1.01e12 }'), "it must be a number."),
    (points(ITEM, more='reading = { name = "platelets", at_least = 1 }'), "two of its columns would be called"),
    # Counts.
    (count(MET, enough="2"), "at_least_met is 2, but there are 1 criteria."),
    (count(MET, enough="0"), "at_least_met is 0; it must be a whole number of 1 or more."),
    (count(MET, enough="1.5"), "at_least_met is 1.5; it must be a whole number of 1 or more."),
    (count(ITEM), "criteria, number 1: below is [[50, 1]]; it must be a number."),
    (
        count('{ analyte = "platelets", below = 50, at_most = 40 }'),
        "number 1: a worse value has to give more",
    ),
    (count(MET, MET), "two of its criteria are called platelets"),
    # Formulas.
    (formula("platelets / platelets"), "the formula cannot be read: platelets stands twice"),
    (formula("platelets +"), "line 5: site_a: the formula cannot be read: it ends too early."),
    (formula("thrombocytes * 2"), "site_a: input thrombocytes: analyte 'thrombocytes' is not known."),
    (formula("platelets", "inputs = 3"), "inputs is a table of what each name of the formula reads."),
    (formula("platelets", 'inputs = { platlets = { analyte = "inr" } }'), "'platlets' is not known. Did you mean pl"),
    (formula("crp", "inputs = { crp = 3 }"), "input crp: name what is read by one of analyte, assessment or patient."),
    (formula("crp", 'inputs = { crp = { analyte = "inr", worst = "lower" } }'), "'worst' is not known. Did you mean w"),
    (formula("crp", 'inputs = { crp = { analyte = "inr", worse = "low" } }'), "worse is 'low'. Did you mean lower?"),
    (formula("inr", 'reading = { name = "highest", at_least = 1 }'), "two of its columns would be called site_a__h"),
    # Runs.
    (run(without="below"), "a run needs one threshold: below or at_most."),
    (run("at_most = 100"), "a run needs one threshold: below or at_most."),
    (run(without="days"), "days is a list of [cut-point, points], such as days = [[50, 1], [100, 2]]."),
    (run("first_day = 5", "last_day = 4"), "last_day lies before first_day."),
    (run("first_day = -1"), "first_day is -1; it must be a whole number of 0 or more."),
    (run("last_day = -1"), "last_day is -1; it must be a whole number of 0 or more."),
    (run("join_gap = -1"), "join_gap is -1; it must be a whole number of 0 or more."),
    (run("join_gap = 1.5"), "join_gap is 1.5; it must be a whole number of 0 or more."),
    (run('per = "day"'), "the key 'per' is not known."),
    # Events.
    (event(FATAL, kind="bleed"), "kind is 'bleed'. Did you mean bleeding?"),
    (event(FATAL, more="otherwise = -1"), "otherwise is -1; it must be a whole number of 0 or more."),
    (event(FATAL, more="otherwise = 1"), "every criterion has to give more than what an event without any gets."),
    (event(FATAL, '{ grade = 3, any = ["occult"] }', more="otherwise = 1"), "every criterion has to give more than"),
    (event('{ grade = 0, any = ["fatal"] }'), "criteria, number 1: grade is 0; it must be a whole number of 1 or more"),
    (event('{ grade = 101, any = ["fatal"] }'), "criteria, number 1: a grade is at most 100."),
    (event('{ any = ["fatal"] }'), "criteria, number 1: grade is missing."),
    (event("{ grade = 1 }"), 'write any = ["fatal", …] for yes-or-no features, or feature and at_least for a number.'),
    (event('{ grade = 1, any = ["fatal"], feature = "red_cell_units", at_least = 1 }'), 'write any = ["fatal", …]'),
    (event("{ grade = 1, any = [] }"), "any is empty."),
    (event('{ grade = 2, any = ["fatall"] }'), "the feature 'fatall' is not known. Did you mean fatal?"),
    (event('{ grade = 2, any = ["zzz"] }'), "the feature 'zzz' is not known."),
    (event('{ grade = 2, any = ["fatal", "red_cell_units"] }'), "red_cell_units is not answered by yes or no."),
    (event('{ grade = 2, feature = "fatal", at_least = 1 }'), "fatal is not a number."),
    (event('{ grade = 2, feature = "red_cell_units" }'), "a number needs one cut-point: above or at_least."),
    (event('{ grade = 2, feature = "red_cell_units", above = 1, at_least = 2 }'), "a number needs one cut-point"),
    (event(FATAL, FATAL), "two criteria have the same name."),
    (event('{ grade = 2, feature = "red_cell_units", below = 1 }'), "the key 'below' is not known."),
    # Like another.
    ('[site_a]\nlike = "icaht_early"\nsource = "s"\nset = { join_gap = 0 }', "'icaht_early'. Did you mean icaht_early"),
    (
        '[site_a]\nlike = "zzz"\nsource = "s"\nset = { join_gap = 0 }',
        "line 2: site_a: like names no definition: ",
    ),
]
LIKE = '[site_a]\nlike = "icaht_early_as_printed"\nsource = "s"\n'
WRONG += [
    (LIKE, "set is a table with at least one parameter, such as set = { join_gap = 0 }."),
    (LIKE + "set = {}", "set is a table with at least one parameter"),
    (LIKE + "set = 3", "set is a table with at least one parameter"),
    (LIKE + "set = { joingap = 0 }", "site_a: set: the key 'joingap' is not known. Did you mean join_gap?"),
    (LIKE + "set = { join_gap = -1 }", "line 4: site_a: Parameter site_a.join_gap is -1; it must lie between 0 and"),
    (LIKE + 'set = { join_gap = 0 }\nshape = "run"', "the key 'shape' is not known."),
    ('[site_a]\nlike = "icaht_early_as_printed"\nset = { join_gap = 0 }', "source is missing."),
]


@pytest.mark.parametrize(("text", "says"), WRONG, ids=[f"{n}: {says[:30]}" for n, (_, says) in enumerate(WRONG)])
def test_what_cannot_be_is_refused(text: str, says: str) -> None:
    assert says in refused(text)


def test_a_name_without_any_near_it_is_not_given_one() -> None:
    assert refused(bands(BELOW).replace('"platelets"', '"zzz"')).endswith("analyte 'zzz' is not known.")
    assert refused(event('{ grade = 2, any = ["zzz"] }')).endswith("the feature 'zzz' is not known.")
    like = '[site_a]\nlike = "zzz"\nsource = "s"\nset = { join_gap = 0 }'
    assert refused(like).endswith("like names no definition: 'zzz'.")


#: What may be written: shortest and longest, least and most.
RIGHT = [
    bands(BELOW, name="abc"),
    bands(BELOW, name="a" * 40),
    bands(BELOW, 'version = ""', 'population = ""', "choices = []", 'per = "day"'),
    bands("below = [[10.5, 2], [50, 1]]", "at_most = [[5, 100]]"),
    bands("above = [[1e12, 1]]"),
    bands("above = [[-1e12, 1]]"),
    bands(BELOW, 'unit = "/uL"'),
    bands(BELOW, 'against = "above_upper_limit"', 'unit = "/uL"'),
    bands(BELOW, 'against = "lower_limit"', 'per = "infusion"'),
    entry("bands", 'analyte = "inr"', "above = [[2, 1]]"),
    entry("bands", 'assessment = "temperature"', 'unit = "degC"', "at_least = [[38, 1]]"),
    entry("bands", 'patient = "weight"', 'unit = "kg"', 'per = "infusion"', "below = [[50, 1]]"),
    points(f'{{ name = "{"a" * 30}", analyte = "inr", above = [[2, 1]] }}'),
    points(ITEM, more=f'reading = {{ name = "{"a" * 30}", at_least = 2.0 }}'),
    points(ITEM, more='reading = { name = "high", at_least = 1e12 }'),
    count(MET),
    run("first_day = 4", "last_day = 4", "join_gap = 0"),
    run("first_day = 0", "last_day = 0"),
    event(FATAL, more="otherwise = 0"),
    event('{ grade = 100, any = ["fatal"] }', more="otherwise = 99"),
    formula("inr", "inputs = {}", 'unit = ""'),
]


@pytest.mark.parametrize("text", RIGHT)
def test_what_can_be_is_taken(text: str) -> None:
    assert len(made(text)) == 1


def test_a_column_has_at_most_60_letters() -> None:
    # A name of 40, two underscores, and an item of 18 or of 19.
    item = '{{ name = "{}", analyte = "inr", above = [[2, 1]] }}'
    long = entry("points", f"items = [{item.format('i' * 18)}]", name="a" * 40)
    assert max(len(column) for column in one(long).columns) == 60
    longer = refused(entry("points", f"items = [{item.format('i' * 19)}]", name="a" * 40))
    assert f"the column {'a' * 40}__{'i' * 19} has more than 60 letters; shorten the name." in longer


def test_what_a_definition_of_a_site_says_of_itself() -> None:
    by_bands, by_event = one(bands(BELOW)), one(event(FATAL))
    for definition in (by_bands, by_event):
        assert (definition.status, definition.certainty) == (Status.SITE, Certainty.SITE)
        assert (definition.title, definition.version) == ("t", "as in the file")
        assert (definition.citation.text, definition.population) == ("s", "as the site says")
        assert definition.by_default
    more = ('version = "2"', 'population = "adults"', 'choices = ["a tie counts"]', 'meaning = "a grade"')
    told = one(bands(BELOW, *more))
    assert (told.version, told.population, told.choices) == ("2", "adults", ("a tie counts",))
    assert told.outputs[0].meaning == "a grade"


FILE = SiteFile(
    "site.toml",
    """# title = "above everything"
[other]
title = "one"
source = "s"

["site_a"]
title = "two"
items = [
  { analyte = "platelets", below = [[50, 1]] },
]
[site_a.inputs]
crp = { analyte = "c_reactive_protein" }
[site_ab]
unit = "mg/L"
[[last]]
version = "3"
""",
    {},
)
#: Entry, key, and the line: of the key in this entry and no other, else of the entry.
LINES = [
    ("other", "", 2),
    ("other", "title", 3),
    ("site_a", "", 6),
    ("site_a", "title", 7),
    ("site_a", "below", 9),
    ("site_a", "crp", 12),
    ("site_a", "unit", 6),
    ("site_a", "source", 6),
    ("site_ab", "unit", 14),
    ("site_ab", "title", 13),
    ("last", "version", 16),
    ("absent", "", 0),
]


@pytest.mark.parametrize(("name", "key", "line"), LINES)
def test_a_complaint_names_the_line(name: str, key: str, line: int) -> None:
    assert FILE.line(name, key) == line


def test_the_line_of_an_entry_that_is_written_without_a_heading() -> None:
    file = SiteFile("site.toml", 'one = { title = "t" }\ntwo = { titel = "t" }\nthree.title = "t"\n', {})
    assert [file.line("one", "title"), file.line("two", "titel"), file.line("three", "title")] == [1, 2, 3]
