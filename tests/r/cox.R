# Cox models with Efron's ties, and the score test of proportional hazards of cox.zph.
source("tests/r/common.R")

cases <- list(
  list(data = "lung", covariates = c("sex", "age"), delayed_entry = FALSE),
  list(data = "veteran", covariates = c("cell_type", "karnofsky", "treatment"),
       delayed_entry = FALSE),
  list(data = "heart", covariates = c("transplant", "surgery", "age"), delayed_entry = TRUE),
  list(data = "mgus2", covariates = c("sex", "haemoglobin"), delayed_entry = TRUE)
)

test_of <- function(fit, transform) {
  table <- cox.zph(fit, transform = transform)$table
  list(chi2 = unname(table[, "chisq"]), degrees_of_freedom = unname(table[, "df"]),
       p_value = unname(table[, "p"]))
}

reference <- lapply(cases, function(case) {
  set <- read_set(case$data, case$delayed_entry)
  set <- set[complete.cases(set[case$covariates]), ]
  set$y <- response(set, "death", case$delayed_entry)
  formula <- as.formula(paste("y ~", paste(case$covariates, collapse = " + ")))
  # One more step from where R stops, which is where the likelihood has settled, not the ratios.
  fit <- coxph(formula, set, ties = "efron")
  fit <- coxph(formula, set, ties = "efron", init = coef(fit))
  numbers <- summary(fit)
  c(case, list(
    hazard_ratio = unname(exp(coef(fit))), lower = unname(numbers$conf.int[, "lower .95"]),
    upper = unname(numbers$conf.int[, "upper .95"]),
    p_value = unname(numbers$coefficients[, "Pr(>|z|)"]),
    zph = list(km = test_of(fit, "km"), identity = test_of(fit, "identity"))
  ))
})
write_reference(reference, "cox")
