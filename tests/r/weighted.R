# Propensity weights by logistic regression, a weighted Cox model and weighted Aalen-Johansen curves
# with robust errors clustered by person. Invented rows: some persons are in both arms.
source("tests/r/common.R")

set.seed(7)
n <- 900
persons <- data.frame(person = seq_len(400), age_years = round(rnorm(400, 45, 10), 1),
                      sex = ifelse(runif(400) < 0.7, "female", "male"))
set <- persons[sample(400, n, replace = TRUE), ]
stopped <- runif(n) < plogis(-1.5 + 0.04 * (set$age_years - 45) + 0.5 * (set$sex == "male"))
relapse <- rexp(n, (0.0008 + 0.0009 * stopped) * exp(-0.02 * (set$age_years - 45)))
death <- rexp(n, 0.0003)
censored <- runif(n, 30, 500)
day <- ceiling(pmin(relapse, death, censored))
set$arm <- ifelse(stopped, "stopped", "stayed")
set$follow_up_days <- day
set$end_reason <- ifelse(day == ceiling(relapse), "relapse",
                         ifelse(day == ceiling(death), "death", "cutoff"))
set <- set[order(set$person, set$follow_up_days), ]
write.csv(set, "tests/r/data/arms.csv", row.names = FALSE, quote = FALSE)

squared <- function(x) { z <- (x - mean(x)); z^2 }
x <- as.integer(set$arm == "stopped")
model <- glm(x ~ age_years + squared(age_years) + sex, binomial, set,
             control = glm.control(epsilon = 1e-14, maxit = 100))
p <- fitted(model)
set$w <- ifelse(x == 1, 1, p / (1 - p))

cox <- coxph(Surv(follow_up_days, end_reason == "relapse") ~ x, set, weights = w,
             ties = "breslow", robust = TRUE, cluster = person,
             control = coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100))
# With competing events survfit takes each row as a person; with one event it clusters.
times <- c(91, 183, 365)
set$state <- factor(set$end_reason, c("cutoff", "relapse", "death"))
set$row <- seq_len(nrow(set))
curve <- function(arm) {
  part <- set[set$arm == arm, ]
  competing <- survfit(Surv(follow_up_days, state) ~ 1, part, weights = w, id = row, robust = TRUE)
  alone <- survfit(Surv(follow_up_days, end_reason == "relapse") ~ 1, part, weights = w,
                   cluster = person, robust = TRUE)
  at <- summary(competing, times = times)
  alone <- summary(alone, times = times)
  relapse <- which(competing$states == "relapse")
  list(competing = list(estimate = at$pstate[, relapse], error = at$std.err[, relapse]),
       clustered = list(estimate = 1 - alone$surv, error = alone$std.err))
}
write_reference(list(list(
  data = "arms", delayed_entry = FALSE, weight = set$w,
  log_hazard_ratio = unname(coef(cox)), robust_error = unname(sqrt(vcov(cox)[1, 1])),
  stopped = curve("stopped"), stayed = curve("stayed")
)), "weighted")
