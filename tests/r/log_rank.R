# Log-rank tests. With delayed entry survdiff does not run; the score test of a Cox model with the
# exact treatment of ties is the same test.
source("tests/r/common.R")

cases <- list(
  list(data = "lung", event = "death", by = "sex", strata = NULL, delayed_entry = FALSE),
  list(data = "lung", event = "death", by = "ecog", strata = NULL, delayed_entry = FALSE),
  list(data = "lung", event = "death", by = "sex", strata = "ecog", delayed_entry = FALSE),
  list(data = "veteran", event = "death", by = "cell_type", strata = NULL, delayed_entry = FALSE),
  list(data = "veteran", event = "death", by = "cell_type", strata = "treatment", delayed_entry = FALSE),
  list(data = "mgus2", event = "death", by = "sex", strata = NULL, delayed_entry = FALSE),
  list(data = "mgus2", event = "progression", by = "sex", strata = NULL, delayed_entry = TRUE),
  list(data = "heart", event = "death", by = "transplant", strata = NULL, delayed_entry = TRUE),
  list(data = "heart", event = "death", by = "transplant", strata = "surgery", delayed_entry = TRUE)
)

reference <- lapply(cases, function(case) {
  set <- read_set(case$data, case$delayed_entry)
  set <- set[complete.cases(set[c(case$by, case$strata)]), ]
  set$y <- response(set, case$event, case$delayed_entry)
  right <- paste0("factor(", case$by, ")")
  if (!is.null(case$strata)) right <- paste0(right, " + strata(", case$strata, ")")
  formula <- as.formula(paste("y ~", right))
  chi2 <- if (case$delayed_entry) coxph(formula, set, ties = "exact")$score
          else survdiff(formula, set)$chisq
  degrees <- length(unique(set[[case$by]])) - 1
  c(case, list(n = nrow(set), n_events = sum(set$end_reason == case$event), chi2 = chi2,
               degrees_of_freedom = degrees, p_value = pchisq(chi2, degrees, lower.tail = FALSE)))
})
write_reference(reference, "log_rank")
