# Rates of a repeated event: Poisson regression with the sandwich variance over persons, as glm gives
# its parts. The counts are invented, some persons having many.
source("tests/r/common.R")
set.seed(2024)
persons <- data.frame(follow_up_days = sample(30:1500, 240, replace = TRUE),
                      phase = rep(c("before", "on", "after"), each = 80))
mean_count <- c(before = 0.9, on = 0.15, after = 0.4)[persons$phase] * persons$follow_up_days / 365.25
persons$n_times <- rnbinom(240, mu = mean_count, size = 0.6)
rate_of <- function(set) {
  years <- set$follow_up_days / 365.25
  fit <- glm(n_times ~ 1 + offset(log(years)), poisson, set, control = list(epsilon = 1e-14))
  bread <- as.numeric(vcov(fit))
  error <- bread * sqrt(sum(residuals(fit, "response")^2))
  100 * exp(as.numeric(coef(fit)) + c(0, -1, 1) * qnorm(0.975) * error)
}
groups <- c(list(all = persons), split(persons, persons$phase))
write_reference(list(persons = persons, rates = lapply(groups, rate_of)), "repeated_rates")
