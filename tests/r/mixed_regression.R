# A random intercept of each person (package nlme), on the repeated values of the set pbcseq.
source("tests/r/common.R")
library(nlme)

answers <- read.csv("tests/r/data/pbcseq.csv")
answers$sex <- relevel(factor(answers$sex), "female")
answers$drug <- relevel(factor(answers$drug), "penicillamine")
strict <- lmeControl(maxIter = 500, msMaxIter = 500, tolerance = 1e-14, msTol = 1e-14,
                     niterEM = 200)
told <- function(column) {
  answers$value <- answers[[column]]
  fit <- lme(value ~ age + sex + drug + years, answers, ~ 1 | person, control = strict)
  list(coefficients = unname(fixef(fit)), errors = unname(sqrt(diag(vcov(fit)))),
       person_sd = sqrt(as.numeric(getVarCov(fit))), answer_sd = fit$sigma)
}
scores <- c("albumin", "log_bilirubin")
write_reference(lapply(setNames(scores, scores), told), "mixed_regression")
