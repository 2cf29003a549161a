# Aalen-Johansen with its infinitesimal jackknife, ties and delayed entry included.
source("tests/r/common.R")

cases <- list(
  list(data = "mgus2", by = NULL, delayed_entry = FALSE, interval = "log-log"),
  list(data = "mgus2", by = "sex", delayed_entry = FALSE, interval = "log"),
  list(data = "mgus2", by = NULL, delayed_entry = TRUE, interval = "log-log"),
  list(data = "mgus2", by = "sex", delayed_entry = TRUE, interval = "plain")
)
events <- c("progression", "death")

one_stratum <- function(set, stratum, case) {
  y <- response(set, events, case$delayed_entry)
  fit <- survfit(y ~ 1, id = set$id, conf.type = case$interval)
  curves <- lapply(events, function(cause) {
    k <- match(cause, fit$states)
    data.frame(time_days = fit$time, n_at_risk = fit$n.risk[, 1], n_events = fit$n.event[, k],
      estimate = fit$pstate[, k],
      error = fit$std.err[, k], lower = fit$lower[, k], upper = fit$upper[, k])
  })
  list(stratum = stratum, causes = setNames(curves, events))
}

reference <- lapply(cases, function(case) {
  sets <- strata_of(read_set(case$data, case$delayed_entry), case$by)
  c(case, list(strata = unname(Map(one_stratum, sets, names(sets), list(case)))))
})
write_reference(reference, "cumulative_incidence")
