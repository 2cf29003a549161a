# Trends over the year of diagnosis: lm, and glm of a share and of a rate. The persons are those
# of the set mgus of the package survival; the inhabitants are invented.
source("tests/r/common.R")

persons <- read.csv("tests/r/data/mgus.csv")
years <- 1962:1975
inhabitants <- 1e5 + 1500 * (years - 1962)

told <- function(fit, limits, set) {
  last <- range(set$diagnosis_year)
  list(change = unname(coef(fit)[2]), lower = limits[1], upper = limits[2],
       p_value = unname(summary(fit)$coefficients[2, 4]),
       at_ends = unname(predict(fit, data.frame(diagnosis_year = last), type = "response")))
}
wald <- function(fit, quantile) coef(fit)[2] + c(-1, 1) * quantile * sqrt(vcov(fit)[2, 2])

linear <- function(set) {
  fit <- lm(age_years ~ I(diagnosis_year / 10), set)
  told(fit, unname(confint(fit)[2, ]), set)
}
logistic <- function(set) {
  fit <- glm(age_years >= 70 ~ I(diagnosis_year / 10), binomial, set, epsilon = 1e-14)
  told(fit, unname(wald(fit, qnorm(0.975))), set)
}
counts <- data.frame(diagnosis_year = years, inhabitants,
                     n = sapply(years, function(year) sum(persons$diagnosis_year == year)))
fit <- glm(n ~ I(diagnosis_year / 10) + offset(log(inhabitants)), quasipoisson, counts,
           epsilon = 1e-14)
ends <- counts[c(1, nrow(counts)), ]
rate <- list(change = unname(coef(fit)[2]), limits = unname(wald(fit, qnorm(0.975))),
             dispersion = summary(fit)$dispersion,
             per_100k = unname(1e5 * predict(fit, ends, type = "response") / ends$inhabitants))

sets <- c(list(all = persons), split(persons, persons$sex))
write_reference(list(linear = lapply(sets, linear), logistic = lapply(sets, logistic),
                     years = years, inhabitants = inhabitants, rate = rate), "trend")
