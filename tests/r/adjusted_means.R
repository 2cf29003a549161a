# Means of the Karnofsky score by cell type (set veteran), at the means of age and treatment of all:
# what lm says for the unit of each row of everyone, on average.
source("tests/r/common.R")

persons <- read.csv("tests/r/data/veteran.csv")
adjusted <- function(set) {
  fit <- lm(karnofsky ~ cell_type + age + treatment, set)
  of <- function(unit) {
    at <- colMeans(model.matrix(delete.response(terms(fit)), transform(set, cell_type = unit),
                                xlev = fit$xlevels))
    half <- qt(0.975, fit$df.residual) * sqrt(drop(at %*% vcov(fit) %*% at))
    middle <- sum(at * coef(fit))
    c(middle, middle - half, middle + half)
  }
  units <- sort(unique(set$cell_type))
  list(units = units, rows = unname(t(sapply(units, of))))
}
write_reference(lapply(split(persons, persons$prior), adjusted), "adjusted_means")
