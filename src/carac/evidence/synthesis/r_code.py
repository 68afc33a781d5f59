"""R code that gives the pooled figures again, with metafor (Viechtbauer W. J Stat Softw 2010;36(3):1-48)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from carac.evidence.synthesis.estimates import Estimate
from carac.evidence.synthesis.one_arm import Pooled
from carac.evidence.synthesis.two_arms import Compared, Effect

_HEAD = """\
# Pooled figures of carac, again with metafor. Debian: r-cran-metafor, r-cran-lme4, r-cran-biasedurn.
# carac's own figure stands behind each call, as estimate (lower, upper). Searches of lme4 and nlminb (GLMM), and that
# of rma for tau squared, stop where the estimate still moves by some 1e-5; all else agrees to rounding.
library(metafor)

show <- function(title, fit, back = transf.ilogit, ...) {
  values <- sapply(c(fit$beta[1], fit$ci.lb[1], fit$ci.ub[1]), back, ...)
  cat(sprintf("%-44s %.6f (%.6f, %.6f)\\n", title, values[1], values[2], values[3]))
}
"""
#: Arguments of metafor for the inverse-variance models: measure, whether halves are added, and the way back.
_SCALES = {
    "log": ("IRLN", "only0", "exp"),
    "square_root": ("IRS", "none", "transf.isqrt"),
    "logit": ("PLO", "only0", "transf.ilogit"),
    "arcsine": ("PAS", "none", "transf.iarcsin"),
    "freeman_tukey": ("PFT", "none", "transf.ipft.hm, targs = list(ni = d$n)"),
}


def one_arm_code(pooled: Iterable[Pooled]) -> str:
    """A script for pools of one arm; those of a single study have none."""
    return "\n".join([_HEAD, *(part for one in pooled if len(one.counts) > 1 for part in _one_arm(one))])


def two_arm_code(compared: Iterable[Compared]) -> str:
    """A script for comparisons of two arms."""
    return "\n".join([_HEAD, *(part for one in compared for part in _two_arms(one))])


def _numbers(values: Iterable[float]) -> str:
    return f"c({', '.join(str(value) for value in values)})"


def _texts(values: Iterable[str]) -> str:
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "c(" + ", ".join(f'"{value}"' for value in quoted) + ")"


def _own(one: Estimate | Effect) -> str:
    if one.value is None or one.lower is None or one.upper is None:
        return f"# carac: no answer. {one.why}"
    return f"# carac: {one.value:.6f} ({one.lower:.6f}, {one.upper:.6f})"


def _one_arm(pooled: Pooled) -> list[str]:
    # Patient-months with all their places, so that metafor pools the very numbers that carac did.
    sizes = "t" if pooled.question.measure == "rate" else "n"
    found = [
        f"\n# {pooled.question}{', per patient-month' if sizes == 't' else ''}",
        f"d <- data.frame(study = {_texts(one.label for one in pooled.counts)},",
        f"  x = {_numbers(one.events for one in pooled.counts)},"
        f" {sizes} = {_numbers(one.size for one in pooled.counts)})",
    ]
    for one in pooled.models:
        found += [_model(one, pooled), _own(one)]
    return found


def _model(one: Estimate, pooled: Pooled) -> str:
    of_rates = pooled.question.measure == "rate"
    counts, link, back = ("xi = x, ti = t", "IRLN", "exp") if of_rates else ("xi = x, ni = n", "PLO", "transf.ilogit")
    if one.model == "glmm":
        return (
            f'fit <- rma.glmm(measure = "{link}", {counts}, data = d, nAGQ = 15)\n'
            f'show("{one.title}", fit, {back}); print(round(predict(fit, transf = {back})$pi.ub, 6))'
        )
    if one.model in _SCALES:
        measure, to, back = _SCALES[one.model]
        return (
            f'e <- escalc(measure = "{measure}", {counts}, data = d, to = "{to}")\n'
            f'show("{one.title}", rma(yi, vi, data = e, method = "{_method(pooled.tau)}", test = "adhoc"), {back})'
        )
    if one.model == "together":
        test = "poisson.test(sum(d$x), sum(d$t))" if of_rates else "binom.test(sum(d$x), sum(d$n))"
        return f"# {one.title}: {test}$conf.int"
    return f"# {one.title}: not in metafor; aod::betabin(cbind(x, n - x) ~ 1, ~ 1, data = d)"


def _method(tau: str) -> str:
    return "FE" if tau == "common" else tau


def _two_arms(compared: Compared) -> list[str]:
    pairs: Sequence[tuple[str, Iterable[int]]] = (
        ("ai", (pair.first.events for pair in compared.pairs)),
        ("n1i", (pair.first.total for pair in compared.pairs)),
        ("ci", (pair.second.events for pair in compared.pairs)),
        ("n2i", (pair.second.total for pair in compared.pairs)),
    )
    found = [
        f"\n# {compared.question}",
        f"d <- data.frame(study = {_texts(pair.study.title for pair in compared.pairs)},",
        "  " + ", ".join(f"{name} = {_numbers(values)}" for name, values in pairs) + ")",
    ]
    for one in compared.effects:
        if one.value is not None:
            found.append(_CALLS[one.method].format(title=one.title))
        found.append(_own(one) if one.value is not None else f"# {one.title}, no answer of carac: {one.why}")
    return found


_COUNTS = "ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = d"
_CALLS = {
    "conditional": f'show("{{title}}", rma.glmm(measure = "OR", {_COUNTS}, model = "CM.EL"), exp)',
    "study_effects": f'show("{{title}}", rma.glmm(measure = "OR", {_COUNTS}, model = "UM.FS", nAGQ = 1), exp)',
    "odds_ratio": f'show("{{title}}", rma.mh(measure = "OR", {_COUNTS}), exp)',
    "risk_ratio": f'show("{{title}}", rma.mh(measure = "RR", {_COUNTS}), exp)',
    "risk_difference": f'show("{{title}}", rma.mh(measure = "RD", {_COUNTS}), identity)',
    "peto": f'show("{{title}}", rma.peto({_COUNTS}), exp)',
    "exact": "# {title}: mantelhaen.test(table, exact = TRUE), with the 2 x 2 tables of d in an array",
}
