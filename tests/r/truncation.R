# A right-truncated delay: in reversed time it is a survival time with delayed entry.
source("tests/r/common.R")
lung <- read_set("lung")
delay <- lung$follow_up_days
longest <- delay + (37 * seq_along(delay)) %% 400
fit <- survfit(Surv(-longest - 0.5, -delay, rep(1, nrow(lung))) ~ 1)
before <- c(1, head(fit$surv, -1))
write_reference(list(delay = delay, longest = longest, days = rev(-fit$time),
                     distribution = rev(before)), "truncation")
