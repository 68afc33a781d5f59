# Thirty simulated sets of rates, pooled by metafor: what tests/test_evidence_rates.py holds carac to.
#
#     Rscript tools/metafor_rate_sets.R tests/data/statistics
#
# Debian packages: r-cran-metafor, r-cran-lme4. Writes rate_sets.csv (events and patient-months, to one place) and
# rate_pooled.csv (the figures, on the scale of each model). A fit that metafor does not reach has no row.
#
# Sets 1 to 30 have 3 to 15 studies of 40 to 4000 patient-months, 0.2 to 5 events per 100 patient-months, which differ
# between studies by a standard deviation of 0 to 1 on the log scale. Every third set has a regression on a number.

suppressPackageStartupMessages({library(metafor); library(lme4)})

set.seed(20261129)
folder <- commandArgs(trailingOnly = TRUE)[1]
counts <- list()
figures <- list()

keep <- function(set, model, fit, tau2, place = 1) {
  figures[[length(figures) + 1]] <<- data.frame(
    set = set, model = model, estimate = fit$beta[place], se = fit$se[place], lower = fit$ci.lb[place],
    upper = fit$ci.ub[place], tau2 = tau2)
}
attempt <- function(expression) suppressWarnings(suppressMessages(tryCatch(expression, error = function(e) NULL)))
#: A long search for the optimum, so that what differs is not where a search stopped.
exact <- list(threshold = 1e-10, maxiter = 2000)
long <- list(optCtrl = list(maxfun = 20000))

for (set in 1:30) {
  repeat {
    k <- sample(3:15, 1)
    t <- round(exp(runif(k, log(40), log(4000))), 1)
    spread <- runif(1, 0, 1) * sample(0:1, 1, prob = c(1, 4))
    x <- rpois(k, t * exp(rnorm(k, log(exp(runif(1, log(0.002), log(0.05)))), spread)))
    if (sum(x) > 0) break
  }
  number <- round(runif(k, 1, 12))
  counts[[set]] <- data.frame(set = set, study = seq_len(k), events = x, months = t, number = number)
  fit <- attempt(rma.glmm(measure = "IRLN", xi = x, ti = t, nAGQ = 15, control = long))
  if (!is.null(fit)) keep(set, "glmm", fit, fit$tau2)
  for (measure in c("IRLN", "IRS")) {
    effects <- escalc(measure = measure, xi = x, ti = t, to = if (measure == "IRS") "none" else "only0")
    for (method in c("REML", "DL")) {
      fit <- attempt(rma(yi, vi, data = effects, method = method, test = "adhoc", control = exact))
      if (!is.null(fit)) keep(set, paste(measure, method), fit, fit$tau2)
    }
  }
  if (set %% 3 == 0) {
    fit <- attempt(rma.glmm(measure = "IRLN", xi = x, ti = t, mods = ~ number, nAGQ = 15, control = long))
    if (!is.null(fit)) keep(set, "regression", fit, fit$tau2, 2)
  }
}

write.csv(do.call(rbind, counts), file.path(folder, "rate_sets.csv"), row.names = FALSE, quote = FALSE)
write.csv(format(do.call(rbind, figures), digits = 12, trim = TRUE), file.path(folder, "rate_pooled.csv"),
          row.names = FALSE, quote = FALSE)
