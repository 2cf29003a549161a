# A directly standardised rate with the gamma interval of Fay and Feuer (1997), written with the
# gamma distribution itself. The ages are those of the set mgus; the inhabitants are invented.
source("tests/r/common.R")
persons <- read.csv("tests/r/data/mgus.csv")
starts <- c(0, 40, 50, 60, 70, 80)
inhabitants <- c(50000, 12000, 11000, 9000, 6000, 3000)
standard <- c(42500, 14000, 13500, 11500, 9000, 5000 + 4500)
gamma_limits <- function(count) {
  weight <- standard / sum(standard) / inhabitants
  rate <- sum(weight * count)
  variance <- sum(weight^2 * count)
  largest <- max(weight)
  1e5 * c(rate, qgamma(0.025, rate^2 / variance, scale = variance / rate),
          qgamma(0.975, (rate + largest)^2 / (variance + largest^2),
                 scale = (variance + largest^2) / (rate + largest)))
}
reference <- lapply(split(persons, persons$sex), function(set) {
  count <- as.numeric(table(cut(set$age_years, c(starts, Inf), right = FALSE)))
  gamma_limits(count)
})
# All weights equal: the exact limits of a Poisson count.
exact <- 1e5 * as.numeric(poisson.test(nrow(persons), 91000)$conf.int)
write_reference(list(starts = starts, inhabitants = inhabitants, standard = standard,
                     rates = reference, exact = exact), "standardised_rates")
