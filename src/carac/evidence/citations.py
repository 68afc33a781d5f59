"""Citations from reference managers and PubMed: RIS, nbib (MEDLINE), PubMed XML."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from xml.etree import ElementTree

from carac.evidence.study import Citation
from carac.findings import CaracError

DOI = re.compile(r"10\.\d{4,9}/\S+")
_RIS_LINE = re.compile(r"^([A-Z][A-Z0-9])\s{1,2}-\s?(.*)$")
_NBIB_LINE = re.compile(r"^([A-Z]{2,4})\s*- (.*)$")

Tags = Mapping[str, list[str]]


def read_citations(text: str, name: str) -> list[Citation]:
    """The citations of a file of any of the three kinds.

    Raises
    ------
    CaracError: the text is none of them, or holds no citation.
    """
    start = text.lstrip("\ufeff \n\r\t")
    if start.startswith("<"):
        found = _pubmed_xml(start, name)
    elif re.search(r"^PMID\s*- ", start, re.MULTILINE):
        found = [_of_nbib(tags) for tags in _records(start, _NBIB_LINE, "PMID")]
    elif re.search(r"^TY\s{1,2}-", start, re.MULTILINE):
        found = [_of_ris(tags) for tags in _records(start, _RIS_LINE, "TY")]
    else:
        raise CaracError(f"{name} is neither RIS, nor nbib, nor PubMed XML; export the citations as one of them.")
    found = [one for one in found if one.title]
    if not found:
        raise CaracError(f"{name} holds no citation with a title.")
    return found


def _records(text: str, line_pattern: re.Pattern[str], first: str) -> Iterable[Tags]:
    """The records of a tagged file, each beginning with its first tag; indented lines go on with the tag before."""
    record: dict[str, list[str]] = defaultdict(list)
    tag = ""
    for line in text.splitlines():
        match = line_pattern.match(line)
        if match:
            tag = match.group(1)
            if tag == first and record:
                yield record
                record = defaultdict(list)
            record[tag].append(match.group(2).strip())
        elif tag and line.startswith(" ") and line.strip():
            record[tag][-1] += " " + line.strip()
    if record:
        yield record


def _first(tags: Tags, *names: str) -> str:
    return next((tags[name][0] for name in names if tags.get(name) and tags[name][0]), "")


def _year(text: str) -> int | None:
    found = re.search(r"\b(?:19|20)\d\d\b", text)
    return int(found.group()) if found else None


def _doi(text: str) -> str:
    found = DOI.search(text)
    return found.group().rstrip(".,;") if found else ""


def _authors(names: Iterable[str]) -> str:
    """Authors as "Hashmi H, Mirza AS, Darwin A, et al."; three are named."""
    short = [_short_name(name) for name in names if name]
    return ", ".join(short[:3]) + (", et al." if len(short) > 3 else "." if short else "")


def _short_name(name: str) -> str:
    family, comma, given = name.partition(",")
    if not comma:
        return name.strip()
    initials = "".join(part[0] for part in re.split(r"[\s.\-]+", given.strip()) if part)
    return f"{family.strip()} {initials.upper()}".strip()


def _of_ris(tags: Tags) -> Citation:
    pages = "-".join(part for part in (_first(tags, "SP"), _first(tags, "EP")) if part)
    return Citation(
        authors=_authors(tags.get("AU", []) or tags.get("A1", [])) or "not given",
        title=_first(tags, "TI", "T1", "CT"),
        journal=_first(tags, "J2", "JA", "JO", "T2", "JF"),
        year=_year(_first(tags, "PY", "Y1", "DA")),
        volume=_first(tags, "VL"),
        pages=pages,
        doi=_doi(_first(tags, "DO")),
    )


def _of_nbib(tags: Tags) -> Citation:
    dois = [entry for key in ("AID", "LID") for entry in tags.get(key, []) if "[doi]" in entry]
    return Citation(
        authors=_authors(tags.get("AU", [])) or "not given",
        title=_first(tags, "TI").rstrip("."),
        journal=_first(tags, "TA", "JT"),
        year=_year(_first(tags, "DP")),
        volume=_first(tags, "VI"),
        pages=_first(tags, "PG"),
        doi=_doi(dois[0]) if dois else "",
        pmid=_first(tags, "PMID"),
    )


def _pubmed_xml(text: str, name: str) -> list[Citation]:
    # Entities of a document type are not needed and could be made to grow without end.
    if re.search(r"<!ENTITY", text):
        raise CaracError(f"{name} declares entities of its own, which PubMed does not; it is not read.")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise CaracError(f"{name} is no well-formed XML ({error}).") from None
    return [_of_article(article) for article in root.iter("PubmedArticle")]


def _of_article(article: ElementTree.Element) -> Citation:
    def text(path: str) -> str:
        found = article.find(path)
        return "" if found is None else " ".join("".join(found.itertext()).split())

    authors = [
        f"{author.findtext('LastName')} {author.findtext('Initials', '')}".strip()
        for author in article.iterfind(".//AuthorList/Author")
        if author.findtext("LastName")
    ]
    dois = [one.text or "" for one in article.iterfind(".//ArticleIdList/ArticleId") if one.get("IdType") == "doi"]
    journal = text(".//Journal/ISOAbbreviation") or text(".//Journal/Title")
    issue = ".//Journal/JournalIssue"
    return Citation(
        authors=_authors(authors) or "not given",
        title=text(".//ArticleTitle").rstrip("."),
        journal=journal,
        year=_year(text(f"{issue}/PubDate/Year") or text(f"{issue}/PubDate/MedlineDate")),
        volume=text(f"{issue}/Volume"),
        pages=text(".//Pagination/MedlinePgn"),
        doi=_doi(dois[0]) if dois else "",
        pmid=text(".//MedlineCitation/PMID"),
    )


def file_name(citation: Citation) -> str:
    """A name for the study file of a citation: first author and year, such as "hashmi_2020"."""
    plain = unicodedata.normalize("NFKD", citation.authors).encode("ascii", "ignore").decode()
    family = re.sub(r"\s[A-Z]{1,4}$", "", plain.split(",")[0].rstrip("."))
    words = re.findall(r"[a-z0-9]+", family.casefold()) or ["study"]
    return "_".join([*words, str(citation.year)] if citation.year else words)
