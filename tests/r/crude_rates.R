# Exact limits of a Poisson rate per 100 000.
source("tests/r/common.R")
cases <- list(c(0, 75737), c(1, 78766), c(45, 565502), c(429, 5550000), c(13129, 5550000))
reference <- lapply(cases, function(case) {
  test <- poisson.test(case[1], case[2])
  list(n = case[1], inhabitants = case[2], rate = 1e5 * unname(test$estimate),
       limits = 1e5 * as.numeric(test$conf.int))
})
write_reference(reference, "crude_rates")
