# The exact conditional model (CM.EL) of metafor on the smaller of the simulated sets of two arms.
#
#     Rscript tools/metafor_conditional_sets.R tests/data/statistics
#
# Debian packages: r-cran-metafor, r-cran-biasedurn. Reads simulated_sets.csv, writes simulated_conditional.csv a row at
# a time, and goes on where it stopped. metafor takes seconds to minutes a set, so that the rule, made before any was
# run, is: every set in which at most six studies say something about an odds ratio (38 of the 100). Where the studies
# of a set do not differ, metafor's search runs to a log variance of minus infinity and it cannot invert the Hessian:
# such a set has its common odds ratio (method = "EE"), and "none" for the model with a random effect.

suppressPackageStartupMessages(library(metafor))

folder <- commandArgs(trailingOnly = TRUE)[1]
target <- file.path(folder, "simulated_conditional.csv")
sets <- subset(read.csv(file.path(folder, "simulated_sets.csv")), arms == 2)
events <- sets$ai + sets$ci
sets <- sets[events > 0 & events < sets$n1i + sets$n2i, ]
speaking <- table(sets$set)
chosen <- as.integer(names(speaking)[speaking <= 6])
chosen <- chosen[order(speaking[as.character(chosen)], chosen)]
if (!file.exists(target)) cat("set,model,k,estimate,se,lower,upper,tau2\n", file = target)
done <- read.csv(target)$set

attempt <- function(expression) suppressWarnings(suppressMessages(tryCatch(expression, error = function(e) NULL)))

for (set in setdiff(chosen, done)) {
  message("set ", set)
  d <- sets[sets$set == set, ]
  lines <- character(0)
  for (method in c("EE", "ML")) {
    model <- if (method == "EE") "CM.EL common" else "CM.EL"
    fit <- attempt(rma.glmm(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = d, model = "CM.EL",
                            method = method))
    numbers <- if (is.null(fit)) rep("none", 5) else
      sprintf("%.12g", c(fit$beta[1], fit$se[1], fit$ci.lb[1], fit$ci.ub[1], if (method == "EE") 0 else fit$tau2))
    lines <- c(lines, paste(c(set, model, nrow(d), numbers), collapse = ","))
  }
  # Both rows of a set at once, so that a run that is stopped leaves no half of one.
  cat(paste0(lines, "\n"), file = target, sep = "", append = TRUE)
}
