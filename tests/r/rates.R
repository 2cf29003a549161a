# Rates and rate ratios with exact intervals: poisson.test, one and two samples.
source("tests/r/common.R")

cases <- list(
  list(events = c(91, 45), person_years = c(1, 1)),
  list(events = c(91, 45), person_years = c(518.3, 577.9)),
  list(events = c(3, 0), person_years = c(12.5, 40)),
  list(events = c(0, 7), person_years = c(100, 90)),
  list(events = c(12, 30), person_years = c(250, 200))
)

one <- function(x, years) {
  test <- poisson.test(x, years)
  list(rate = unname(test$estimate), lower = test$conf.int[1], upper = test$conf.int[2])
}

reference <- lapply(cases, function(case) {
  test <- poisson.test(case$events, case$person_years)
  ratio <- c(unname(test$estimate), test$conf.int)
  ratio[!is.finite(ratio)] <- NA
  c(case, list(data = paste(case$events, collapse = "_"), delayed_entry = FALSE, ratio = ratio,
               p_value = test$p.value, first = one(case$events[1], case$person_years[1])))
})
write_reference(reference, "rates")
