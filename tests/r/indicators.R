# Indicators between hospital trusts: Wilson and Newcombe intervals, funnel limits with
# over-dispersion, shares in a random-effects model (package metafor), rules of run charts.
source("tests/r/common.R")
suppressPackageStartupMessages(library(metafor))

units <- list(
  spread = list(n = c(107, 415, 330, 170, 404, 779, 836, 336, 1251, 426),
                met = c(51, 184, 169, 66, 341, 459, 541, 292, 738, 230)),
  alike = list(n = c(20, 35, 60, 150, 90, 45), met = c(12, 21, 37, 91, 53, 27)),
  few = list(n = c(1, 15, 8, 2, 9, 32, 33), met = c(0, 11, 7, 1, 7, 23, 24)),
  all_met = list(n = c(14, 43, 44, 9), met = c(14, 43, 43, 9))
)

wilson <- function(met, n) as.numeric(suppressWarnings(prop.test(met, n, correct = FALSE))$conf.int)

newcombe <- function(met, n, met_before, n_before) {
  now <- wilson(met, n); then <- wilson(met_before, n_before)
  change <- met / n - met_before / n_before
  c(change,
    change - sqrt((met / n - now[1])^2 + (then[2] - met_before / n_before)^2),
    change + sqrt((now[2] - met / n)^2 + (met_before / n_before - then[1])^2))
}

funnel <- function(met, n) {
  target <- sum(met) / sum(n)
  z <- (asin(sqrt(met / n)) - asin(sqrt(target))) / sqrt(1 / (4 * n))
  pulled <- pmin(pmax(z, quantile(z, 0.1)), quantile(z, 0.9))
  dispersion <- sum(pulled^2) / length(z)
  limit <- function(p) {
    at <- asin(sqrt(target)) + qnorm(p) * sqrt(max(dispersion, 1) / (4 * n))
    sin(pmin(pmax(at, 0), pi / 2))^2
  }
  list(target = target, dispersion = dispersion, lower_95 = limit(0.025), upper_95 = limit(0.975),
       lower_998 = limit(0.001), upper_998 = limit(0.999))
}

shrunken <- function(met, n) {
  fitted <- rma(yi = asin(sqrt(met / n)), vi = 1 / (4 * n), method = "PM",
                control = list(tol = 1e-14, maxiter = 10000))
  predicted <- blup(fitted)
  back <- function(at) sin(pmin(pmax(at, 0), pi / 2))^2
  list(shrunken = back(predicted$pred),
       shrunken_lower = back(predicted$pred - qnorm(0.975) * predicted$se),
       shrunken_upper = back(predicted$pred + qnorm(0.975) * predicted$se))
}

run_chart <- function(shares) {
  side <- sign(shares - median(shares))
  side <- side[side != 0]
  runs <- rle(side)
  list(shares = shares, median = median(shares), useful_quarters = length(side),
       longest_run = max(runs$lengths), longest_run_limit = round(log2(length(side)) + 3),
       crossings = length(runs$lengths) - 1,
       crossings_limit = qbinom(0.05, length(side) - 1, 0.5))
}

reference <- list(
  wilson = lapply(list(c(0, 1), c(1, 1), c(385, 386), c(330, 429), c(3939, 13129)), function(case)
    list(met = case[1], n = case[2], limits = wilson(case[1], case[2]))),
  newcombe = lapply(list(c(56, 70, 48, 80), c(9, 10, 3, 10), c(10, 10, 0, 20), c(6465, 12061, 7463, 12735)),
    function(case) list(counts = case, change = do.call(newcombe, as.list(case)))),
  funnel = lapply(units, function(unit) c(unit, do.call(funnel, unit))),
  shrunken = lapply(units, function(unit) c(unit, do.call(shrunken, unit))),
  run_charts = lapply(list(
    c(30, 32, 31, 40, 29, 33, 35, 31, 30, 36, 32, 34, 38, 31, 33, 35, 30, 36, 34, 32),
    c(20, 21, 22, 20, 23, 24, 22, 21, 20, 23, 41, 42, 40, 44, 43, 41, 45, 42, 43, 44),
    c(50, 50, 50, 60, 40, 50, 60, 40, 50, 50, 60, 40)
  ), function(percent) run_chart(percent / 100))
)
write_reference(reference, "indicators")
