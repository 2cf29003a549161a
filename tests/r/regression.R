# Linear models of haemoglobin (set mgus2), each covariate alone and all together, with the test of
# equal variance that Koenker studentised; Spearman's correlation with age.
source("tests/r/common.R")

persons <- subset(read.csv("tests/r/data/mgus2.csv"), !is.na(haemoglobin))
persons$sex <- relevel(factor(persons$sex), "male")
persons$end_reason <- relevel(factor(persons$end_reason), "death")

told <- function(formula) {
  fit <- lm(formula, persons)
  rows <- cbind(coef(fit), confint(fit), summary(fit)$coefficients[, 4])[-1, , drop = FALSE]
  list(terms = I(rownames(rows)), rows = unname(rows))
}
models <- list(age = haemoglobin ~ age, sex = haemoglobin ~ sex,
               end_reason = haemoglobin ~ end_reason)
fit <- lm(haemoglobin ~ age + sex + end_reason, persons)
left <- residuals(fit)
squares <- lm(left^2 ~ age + sex + end_reason, persons)
standardised <- left / sqrt(mean(left^2))
check <- list(r_squared = summary(fit)$r.squared, residual_sd = summary(fit)$sigma,
              skewness = mean(standardised^3), excess_kurtosis = mean(standardised^4) - 3,
              p_equal_variance = pchisq(nrow(persons) * summary(squares)$r.squared, length(coef(fit)) - 1,
                                        lower.tail = FALSE))
correlation <- suppressWarnings(cor.test(~ haemoglobin + age, persons, method = "spearman",
                                         exact = FALSE))
n <- nrow(persons)
rho <- unname(correlation$estimate)
student <- rho * sqrt((n - 2) / (1 - rho^2))
half <- qnorm(0.975) * sqrt((1 + rho^2 / 2) / (n - 3))
write_reference(list(univariable = lapply(models, told), multivariable = told(formula(fit)),
                     check = check,
                     correlation = c(rho, tanh(atanh(rho) - half), tanh(atanh(rho) + half),
                                     2 * pt(-abs(student), n - 2))), "regression")
