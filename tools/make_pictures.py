"""Draw the pictures of the README: what carac prints and reports about synthetic patients, as SVG.

    python tools/make_pictures.py [FOLDER]

Rewrites demo.svg, explain.svg and the two figures of the report, fibrinogen.svg and two_sides.svg, in docs/pictures, or
in FOLDER. Nothing is drawn by hand: lines and figures are those of `carac demo`; the explanation is the short one.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

from carac import api, figures
from carac.analysis.toxicities import toxicity_rows
from carac.commands import demonstrate, showing
from carac.report import drawing

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
PATIENT, DAY = "T02", 13
WIDTH = 130
DEMO_WIDTH = 150
#: Rich's own frame asks a server for its font; a picture that is opened must not.
FRAME = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code, monospace", "Fira Code, DejaVu Sans Mono, Menlo, Consolas, monospace"
)

#: Width of a character in Rich's frame, and how it writes a blank.
CELL, BLANK = 12.2, "&#160;"
_WORDS = re.compile(
    r'(?P<head><text class="[^"]+") x="(?P<x>[\d.]+)"(?P<y> y="[\d.]+") textLength="(?P<length>[\d.]+)"'
    r"(?P<tail>[^>]*)>(?P<text>[^<]*)</text>"
)


def drawn(title: str, show: Callable[[Console], None], width: int = WIDTH) -> str:
    """What is shown on a console of this width, as SVG, with the command as its title."""
    recording = Console(
        record=True,
        file=io.StringIO(),
        width=width,
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        _environ={},
    )
    show(recording)
    # Rich's frame cuts the last line a little short.
    recording.print()
    picture = recording.export_svg(title=title, code_format=FRAME, unique_id="carac")
    return re.sub(r"[ \t]+\n", "\n", _WORDS.sub(_moved, picture)).rstrip() + "\n"


def _moved(words: re.Match[str]) -> str:
    """Words without the blanks around them, at their own place: some programs leave out blanks at the start."""
    x, length, text = float(words["x"]), float(words["length"]), words["text"].replace(BLANK, " ")
    before, after = len(text) - len(text.lstrip()), len(text) - len(text.rstrip())
    if not text.strip():
        return ""
    x, length = x + before * CELL, length - (before + after) * CELL
    bare = text.strip().replace(" ", BLANK)
    return f'{words["head"]} x="{x:.1f}"{words["y"]} textLength="{length:.1f}"{words["tail"]}>{bare}</text>'


def pictures() -> dict[str, str]:
    """The pictures by file name."""
    with TemporaryDirectory(prefix="carac-") as folder:
        synthetic = api.grade(demonstrate.synthetic_cohort(Path(folder) / "cohort"))
    toxicities = toxicity_rows(synthetic)
    graded = api.grade(api.demo_cohort())
    explanation = api.explain(graded, PATIENT, DAY)

    def show_explanation(console: Console) -> None:
        # The command's own lines, on this console.
        with patch.object(showing, "console", lambda stderr=False: console):
            showing.show_explanation(explanation)

    return {
        "demo.svg": drawn(
            "carac demo (synthetic patients)",
            lambda console: demonstrate.show_toxicities(console, toxicities),
            width=DEMO_WIDTH,
        ),
        "explain.svg": drawn(f"carac demo -p {PATIENT} --day {DAY} (synthetic patient)", show_explanation),
        "fibrinogen.svg": drawing.svg(figures.course(synthetic, "fibrinogen", by="crs_peak")),
        "two_sides.svg": drawing.svg(figures.two_sides(synthetic)),
    }


def main() -> None:
    """Write the pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures().items():
        (folder / name).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
