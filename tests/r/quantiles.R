# Quantiles of type 7, which is R's own, of the ages in the set mgus2 and of few values.
source("tests/r/common.R")

persons <- read.csv("tests/r/data/mgus2.csv")
probs <- c(0.1, 0.25, 0.5, 0.75, 0.9)
of <- function(values) unname(quantile(values, probs, type = 7))
few <- list(c(3, 1, 2), c(0, 0, 5, 5, 9, 40), 7)
write_reference(list(column = "follow_up_days",
                     strata = lapply(c(list(all = persons), split(persons, persons$sex)),
                                     function(set) of(set$follow_up_days)),
                     few = lapply(few, function(values) list(values = I(values),
                                                             quantiles = of(values)))), "quantiles")
