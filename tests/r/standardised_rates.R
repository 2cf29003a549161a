# A directly standardised rate with the gamma interval of Fay and Feuer (1997), written with the
# gamma distribution itself. The ages are those of the set mgus; the inhabitants are invented.
source("tests/r/common.R")
persons <- read.csv("tests/r/data/mgus.csv")
starts <- c(0, 40, 50, 60, 70, 80)
inhabitants <- c(50000, 12000, 11000, 9000, 6000, 3000)
standard <- c(42500, 14000, 13500, 11500, 9000, 5000 + 4500)
gamma_limits <- function(count, inhabitants) {
  weight <- standard / sum(standard) / inhabitants
  rate <- sum(weight * count)
  variance <- sum(weight^2 * count)
  largest <- max(weight)
  1e5 * c(rate, qgamma(0.025, rate^2 / variance, scale = variance / rate),
          qgamma(0.975, (rate + largest)^2 / (variance + largest^2),
                 scale = (variance + largest^2) / (rate + largest)))
}
crude <- function(count, inhabitants) {
  test <- poisson.test(sum(count), sum(inhabitants))
  1e5 * c(unname(test$estimate), as.numeric(test$conf.int))
}
counts <- lapply(c(list(all = persons), split(persons, persons$sex)), function(set) {
  as.numeric(table(cut(set$age_years, c(starts, Inf), right = FALSE)))
})
# Each sex has these inhabitants, all has those of both.
lived <- list(all = 2 * inhabitants, female = inhabitants, male = inhabitants)
reference <- list(crude = Map(crude, counts, lived),
                  age_standardised = Map(gamma_limits, counts, lived))
write_reference(list(starts = starts, inhabitants = inhabitants, standard = standard,
                     rates = reference), "standardised_rates")
