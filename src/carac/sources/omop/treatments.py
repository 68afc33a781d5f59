"""Drugs, devices and procedures of an OMOP record as treatments."""

from __future__ import annotations

import re

import pyarrow as pa

from carac.sources.omop.measurements import PERSONS
from carac.sources.omop.tables import OmopRecord
from carac.sources.omop.words import DOMAINS, DRUGS, Domain, Words, distinct_words, joined, keep_meanings, told
from carac.vocabulary.agents import agent_of, agents

#: "1 ML enoxaparin sodium 100 MG/ML Prefilled Syringe": the ingredient stands between the volume and the strength.
_VOLUME = re.compile(r"^\d+(?:\.\d+)?\s*(?:ML|HR|MG|ACTUAT)\s+", re.IGNORECASE)
_STRENGTH = re.compile(r"\s+\d.*$")
#: Given on the skin, into eye, ear, nose, joint or catheter: no treatment of the whole patient.
_LOCAL = re.compile(
    r"\b(topical|cream|ointment|gel|lotion|ophthalmic|otic|nasal|inhal\w*|rectal|foam|shampoo|dental|lock|flush|implant|intravitreal)\b",
    re.IGNORECASE,
)


def read_treatments(record: OmopRecord) -> None:
    """Make the treatments of the record, in `record_treatments`, where drugs are recorded and at least one is known."""
    drugs = record.get(DRUGS.table)
    if drugs is None:
        return
    parts = [part for domain in DOMAINS if (part := _part(record, domain))]
    if not record.number(f"SELECT count(*) FROM omop_agents_{DRUGS.prefix}"):
        # A table without one known agent would say of every agent that it was not given.
        record.warn(
            "no_agents",
            DRUGS.table,
            "no drug of the record is an agent that carac knows, so that no treatments are read.",
            "drug_concept_id or drug_source_value has to be a name or code; add the tables concept, concept_ancestor.",
            "Whether anticoagulants, tocilizumab, vasopressors or blood products were given is not known.",
        )
        return
    record.source("treatments", " UNION ALL ".join(parts), drugs)
    record.note(
        "no_doses",
        DRUGS.table,
        "drug_exposure has neither intent nor a dose that could be read.",
        cost="Prophylactic and therapeutic anticoagulation are not told apart.",
    )


def _part(record: OmopRecord, domain: Domain) -> str:
    """SQL of the treatments in one table; drugs that are no known agent are told."""
    table = record.get(domain.table)
    if table is None:
        return ""
    words = distinct_words(record, domain, table)
    of_ancestor = _agents_by_ancestor(record, words) if domain is DRUGS else {}
    relation = f"omop_agents_{domain.prefix}"
    unknown = keep_meanings(record, relation, words, lambda each: _agent(each, of_ancestor))
    count = sum(each.count for each in unknown)
    if unknown and domain is DRUGS:
        message = f"{count} drug exposures are of no agent that carac reads, the most frequent first: {told(unknown)}."
        remedy = (
            "An agent that no definition reads may stay; one that is known needs its name, ATC, RxNorm or concept id."
        )
        record.note("unknown_agent", domain.table, message, remedy, count=count)
    start = table.moment(f"{domain.start}_datetime", f"{domain.start}_date")
    end = table.moment(f"{domain.end}_datetime", f"{domain.end}_date")
    person = table.identifier("person_id")
    return (
        f'SELECT {person} AS patient_id, {start} AS start, {end} AS "end", m.meaning AS agent, '
        f"{table.text('route_source_value')} AS route, source_row "
        f"FROM {table.relation} JOIN {joined(domain, table, relation)} WHERE {person} IN ({PERSONS})"
    )


def _agent(words: Words, of_ancestor: dict[str, str]) -> str | None:
    texts = (words.keys[0], *words.names)
    if any(_LOCAL.search(text) for text in texts):
        return None
    by_code = (agent_of(text) for text in (*words.concepts, *words.codes))
    by_name = (agent_of(text) or agent_of(ingredient(text)) for text in texts)
    by_ancestor = (of_ancestor.get(concept) for concept in words.concepts)
    return next((agent for found in (by_code, by_name, by_ancestor) for agent in found if agent), None)


def ingredient(text: str) -> str:
    """The ingredient in the name of a clinical drug: "tocilizumab" of "4 ML tocilizumab 20 MG/ML Injection"."""
    return _STRENGTH.sub("", _VOLUME.sub("", text.strip()))


def _agents_by_ancestor(record: OmopRecord, words: list[Words]) -> dict[str, str]:
    """Agent by concept id, through the ingredients among its ancestors; concepts with two agents are left out."""
    ancestors = record.get("concept_ancestor")
    if ancestors is None:
        return {}
    agent_by_id = {concept: agent.name for agent in agents().values() for concept in agent.omop}
    agent_by_id |= _ingredients(record)
    asked = sorted({concept for each in words for concept in each.concepts})
    record.engine.load("omop_asked", pa.table({"asked": pa.array(asked, pa.string())}))
    record.engine.load("omop_ingredients", pa.table({"ingredient": pa.array(sorted(agent_by_id), pa.string())}))
    above, below = ancestors.identifier("ancestor_concept_id"), ancestors.identifier("descendant_concept_id")
    pairs = record.engine.rows(
        f"SELECT {below}, {above} FROM {ancestors.relation} "
        f"JOIN omop_asked ON asked = {below} JOIN omop_ingredients ON ingredient = {above}"
    )
    found: dict[str, set[str]] = {}
    for concept, ancestor in pairs:
        found.setdefault(str(concept), set()).add(agent_by_id[str(ancestor)])
    return {concept: next(iter(names)) for concept, names in found.items() if len(names) == 1}


def _ingredients(record: OmopRecord) -> dict[str, str]:
    """Agent by id of the concepts that are ingredients with the name of an agent."""
    concepts = record.get("concept")
    if concepts is None or "concept_class_id" not in concepts.columns:
        return {}
    rows = record.engine.rows(
        f"SELECT {concepts.identifier('concept_id')}, {concepts.text('concept_name')} FROM {concepts.relation} "
        f"WHERE {concepts.text('concept_class_id')} = 'Ingredient'"
    )
    return {str(concept): agent for concept, name in rows if (agent := agent_of(str(name)))}
