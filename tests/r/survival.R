# Kaplan-Meier curves, medians and values at fixed times, with each kind of interval.
source("tests/r/common.R")

cases <- list(
  list(data = "lung", by = NULL, delayed_entry = FALSE, times = c(0, 5, 365.25, 700, 1022, 1100)),
  list(data = "lung", by = "sex", delayed_entry = FALSE, times = c(182, 365.25)),
  list(data = "veteran", by = "cell_type", delayed_entry = FALSE, times = c(30, 90, 400)),
  list(data = "mgus2", by = "sex", delayed_entry = FALSE, times = c(60, 120)),
  list(data = "mgus2", by = NULL, delayed_entry = TRUE, times = c(720, 960)),
  list(data = "heart", by = "transplant", delayed_entry = TRUE, times = c(20, 730.5))
)
intervals <- c("log-log", "log", "plain")

with_interval <- function(interval, y, times) {
  fit <- survfit(y ~ 1, conf.type = interval)
  median <- quantile(fit, 0.5)
  quartile <- quantile(fit, 0.25)
  at <- summary(fit, times = times, extend = TRUE)
  list(
    lower = fit$lower, upper = fit$upper,
    median = unname(c(median$quantile, median$lower, median$upper)),
    quartile = unname(c(quartile$quantile, quartile$lower, quartile$upper)),
    at = with(at, data.frame(estimate = surv, lower = lower, upper = upper))
  )
}

one_stratum <- function(set, stratum, case) {
  y <- response(set, "death", case$delayed_entry)
  curve <- with(survfit(y ~ 1), data.frame(time_days = time, n_at_risk = n.risk,
    n_events = n.event, n_censored = n.censor, estimate = surv))
  limits <- lapply(intervals, with_interval, y = y, times = case$times)
  list(stratum = stratum, curve = curve, limits = setNames(limits, intervals))
}

reference <- lapply(cases, function(case) {
  sets <- strata_of(read_set(case$data, case$delayed_entry), case$by)
  c(case, list(strata = unname(Map(one_stratum, sets, names(sets), list(case)))))
})
write_reference(reference, "survival")
