# Restricted mean survival time and its standard error.
source("tests/r/common.R")

cases <- list(
  list(data = "lung", by = NULL, delayed_entry = FALSE, horizon = 365.25),
  list(data = "lung", by = "sex", delayed_entry = FALSE, horizon = 700),
  list(data = "veteran", by = "cell_type", delayed_entry = FALSE, horizon = 100),
  list(data = "veteran", by = NULL, delayed_entry = FALSE, horizon = 1000),
  list(data = "mgus2", by = "sex", delayed_entry = FALSE, horizon = 120),
  list(data = "mgus2", by = NULL, delayed_entry = TRUE, horizon = 960),
  list(data = "heart", by = "transplant", delayed_entry = TRUE, horizon = 730)
)

one_stratum <- function(set, stratum, case) {
  fit <- survfit(response(set, "death", case$delayed_entry) ~ 1)
  table <- summary(fit, rmean = case$horizon)$table
  list(stratum = stratum, mean = table[["rmean"]], error = table[["se(rmean)"]])
}

reference <- lapply(cases, function(case) {
  sets <- strata_of(read_set(case$data, case$delayed_entry), case$by)
  c(case, list(strata = unname(Map(one_stratum, sets, names(sets), list(case)))))
})
write_reference(reference, "restricted_mean")
