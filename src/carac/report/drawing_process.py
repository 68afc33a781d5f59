"""A process that draws: specifications come in, drawings go out, until the one who asked is gone.

Run as ``python -m carac.report.drawing_process`` by `drawers`, which is the only one to talk to it.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys

from carac.report.drawing import drawn


def serve() -> None:
    """Answer each specification, dots to the inch and text alternative by a drawing, or by an error's sentence."""
    # An interruption goes to all processes of a terminal; who asks decides, and ends the input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What a library prints must not get between the answers.
    os.dup2(2, 1)
    while True:
        try:
            said, dots, alternative = pickle.load(asked)
        except EOFError:
            return
        try:
            answer: object = drawn(said, dots, alternative)
        except Exception as error:
            answer = str(error)
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    serve()
