# The same estimators in R, on the tables that benchmarks/estimators.py writes; processor seconds, the best of several.
#
#     Rscript benchmarks/estimators.R FOLDER TIMES
#
# Debian packages: r-cran-survival, r-cran-cmprsk. Prints one line per task: name, seconds, figure.

suppressPackageStartupMessages({library(survival); library(cmprsk)})
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
times <- as.integer(arguments[2])
options(digits = 15)

told <- function(name, run, figure) {
  seconds <- Inf
  for (i in seq_len(times)) {
    gc()
    begin <- proc.time()
    found <- run()
    spent <- proc.time() - begin
    seconds <- min(seconds, spent[["user.self"]] + spent[["sys.self"]])
  }
  cat(name, seconds, figure(found), "\n", sep = "\t")
}
read <- function(name) read.csv(file.path(folder, paste0(name, ".csv")))
covariates <- c("x0", "x1", "x2", "x3")

rows <- read("rows_100000")
told("cox_100000", function() coxph(Surv(start, stop, event) ~ x0 + x1 + x2 + x3, data = rows), function(fit) {
  fit$coefficients[[1]]
})
# the rest takes time, or memory, with the square of the people: once, and of few
times <- 1
small <- read("people_2000")
kinds <- c("censored", "event", "other")
small$kind <- factor(small$status, 0:2, kinds)
told("aalen_johansen_2000", function() survfit(Surv(time, kind) ~ 1, data = small), function(fit) {
  summary(fit, times = 1)$pstate[, 2]
})
told("fine_gray_2000", function() crr(small$time, small$status, small[covariates]), function(fit) fit$coef[[1]])
told("fine_gray_again_2000", function() {
  weighted <- finegray(Surv(time, kind) ~ ., data = small[c("time", "kind", covariates)], etype = "event")
  coxph(Surv(fgstart, fgstop, fgstatus) ~ x0 + x1 + x2 + x3, weights = fgwt, data = weighted, ties = "breslow")
}, function(fit) fit$coefficients[[1]])
told("gray_2000", function() cuminc(small$time, small$status, small$group), function(fit) fit$Tests[1, 1])
