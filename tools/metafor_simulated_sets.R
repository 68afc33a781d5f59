# Two hundred simulated sets of studies, pooled by metafor: what tests/test_statistics_simulated_sets.py holds carac to.
#
#     Rscript tools/metafor_simulated_sets.R tests/data/statistics
#
# Debian packages: r-cran-metafor, r-cran-lme4. Writes simulated_sets.csv (the counts) and
# simulated_pooled.csv (the figures). The sets are made from a fixed seed; a fit that metafor does not reach has no row.
#
# Sets 1 to 100 have one arm: 3 to 20 studies of 20 to 500 people, true incidences about 1 to 30 %, which differ between
# studies by a standard deviation of 0 to 1 on the log odds scale. Sets 101 to 200 have two arms, 3 to 12 studies, log
# odds ratios about -1 to 1; some of their studies have no event in one arm, or in both.

suppressPackageStartupMessages({library(metafor); library(lme4)})

set.seed(20261128)
folder <- commandArgs(trailingOnly = TRUE)[1]
counts <- list()
figures <- list()

keep <- function(set, model, fit, tau2 = NA, low2 = NA, high2 = NA) {
  figures[[length(figures) + 1]] <<- data.frame(
    set = set, model = model, k = fit$k.eff %||% fit$k, estimate = fit$beta[1], se = fit$se[1],
    lower = fit$ci.lb[1], upper = fit$ci.ub[1], tau2 = tau2, tau2_lower = low2, tau2_upper = high2)
}
`%||%` <- function(a, b) if (is.null(a)) b else a
attempt <- function(expression) suppressWarnings(suppressMessages(tryCatch(expression, error = function(e) NULL)))
#: A long search for the optimum, so that what differs is not where a search stopped.
exact <- list(threshold = 1e-10, maxiter = 2000)

for (set in 1:100) {
  if (set %% 10 == 0) message("set ", set)
  repeat {
    k <- sample(3:20, 1)
    n <- round(exp(runif(k, log(20), log(500))))
    p <- plogis(rnorm(k, qlogis(exp(runif(1, log(0.01), log(0.3)))), runif(1, 0, 1) * sample(0:1, 1, prob = c(1, 4))))
    x <- rbinom(k, n, p)
    if (sum(x) > 0) break
  }
  counts[[set]] <- data.frame(set = set, arms = 1, study = seq_len(k), ai = x, n1i = n, ci = NA, n2i = NA)
  fit <- attempt(rma.glmm(measure = "PLO", xi = x, ni = n, nAGQ = 15,
                          control = list(optCtrl = list(maxfun = 20000))))
  if (!is.null(fit)) keep(set, "glmm", fit, fit$tau2)
  for (scale in c("PLO", "PAS", "PFT")) {
    to <- if (scale == "PFT") "none" else "only0"
    effects <- escalc(measure = scale, xi = x, ni = n, to = to)
    for (method in c("REML", "DL")) {
      fit <- attempt(rma(yi, vi, data = effects, method = method, test = "adhoc", control = exact))
      if (is.null(fit)) next
      ends <- attempt(confint(fit, control = list(tol = 1e-12))$random)
      keep(set, paste(scale, method), fit, fit$tau2, ends["tau^2", "ci.lb"], ends["tau^2", "ci.ub"])
    }
  }
}

for (set in 101:200) {
  if (set %% 10 == 0) message("set ", set)
  repeat {
    k <- sample(3:12, 1)
    n1 <- round(exp(runif(k, log(30), log(300))))
    n2 <- pmax(10, round(n1 * exp(rnorm(k, 0, 0.3))))
    risk <- plogis(rnorm(k, qlogis(exp(runif(1, log(0.01), log(0.2)))), 0.5))
    ratio <- rnorm(k, runif(1, -1, 1), sample(c(0, 0.3, 0.6), 1))
    a <- rbinom(k, n1, plogis(qlogis(risk) + ratio))
    b <- rbinom(k, n2, risk)
    if (sum(a) > 1 && sum(b) > 1 && sum(a + b > 0) >= 3) break
  }
  counts[[set]] <- data.frame(set = set, arms = 2, study = seq_len(k), ai = a, n1i = n1, ci = b, n2i = n2)
  for (measure in c("OR", "RR", "RD")) {
    fit <- attempt(rma.mh(measure = measure, ai = a, n1i = n1, ci = b, n2i = n2))
    if (!is.null(fit)) keep(set, paste("MH", measure), fit)
  }
  fit <- attempt(rma.peto(ai = a, n1i = n1, ci = b, n2i = n2))
  if (!is.null(fit)) keep(set, "Peto", fit)
  # CM.EL takes metafor up to minutes per set: metafor_conditional_sets.R runs it on the smaller ones.
  for (model in c("UM.FS", "CM.AL")) {
    fit <- attempt(rma.glmm(measure = "OR", ai = a, n1i = n1, ci = b, n2i = n2, model = model, nAGQ = 7,
                            drop00 = TRUE))
    if (!is.null(fit)) keep(set, model, fit, fit$tau2)
  }
}

write.csv(do.call(rbind, counts), file.path(folder, "simulated_sets.csv"), row.names = FALSE, quote = FALSE, na = "")
write.csv(format(do.call(rbind, figures), digits = 12, trim = TRUE), file.path(folder, "simulated_pooled.csv"),
          row.names = FALSE, quote = FALSE)
