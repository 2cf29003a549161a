# Invented courses of treatment by calendar day, their monthly counts, and Poisson models of them.
source("tests/r/common.R")

set.seed(2024)
n <- 1500
since <- as.Date("2018-01-01")
last_day <- as.integer(as.Date("2025-05-15") - since)
entry <- pmax(-1, floor(runif(n, -900, last_day - 60)))
stop_day <- floor(pmax(entry, 0) + rexp(n, 1 / 1500))
stop_day <- ifelse(runif(n) < 0.15 & stop_day > 2250, pmin(stop_day, 2250 + floor(runif(n, 0, 250))), stop_day)
stop_day <- pmax(pmax(entry, 0), stop_day)
courses <- data.frame(
  entry_days = entry,
  follow_up_days = pmin(stop_day, last_day),
  end_reason = ifelse(stop_day > last_day, "cutoff", ifelse(runif(n) < 0.03, "death", "stopped")),
  series = ifelse(runif(n) < 0.5, "natalizumab", "other_drugs")
)
write.csv(courses, "tests/r/data/courses.csv", row.names = FALSE, quote = FALSE)

months <- seq(since, by = "month", length.out = 90)
months <- months[months <= since + last_day]
counted <- function(set) {
  day_of <- function(x) as.integer(x - since)
  begin <- day_of(months); end <- day_of(seq(since, by = "month", length.out = length(months) + 1)[-1]) - 1
  data.frame(
    start = months, t = (seq_along(months) - 1) / 12,
    events = sapply(seq_along(months), function(m) sum(
      set$end_reason == "stopped" & set$follow_up_days >= begin[m] & set$follow_up_days <= end[m])),
    years = sapply(seq_along(months), function(m) sum(pmax(
      0, pmin(set$follow_up_days, end[m]) - pmax(set$entry_days, begin[m] - 1)))) / 365.25
  )
}

reference <- lapply(split(courses, courses$series), function(set) {
  month <- counted(set)
  month$after <- as.integer(month$start > as.Date("2024-04-30"))
  month$since_change <- month$after * (month$t - min(month$t[month$after == 1]))
  kept <- month[month$start < as.Date("2023-12-01") | month$after == 1, ]
  formula <- events ~ t + after + since_change + offset(log(years))
  control <- glm.control(epsilon = 1e-14, maxit = 100)
  model <- glm(formula, quasipoisson, kept, control = control)
  dispersion <- summary(model)$dispersion
  error <- sqrt(diag(vcov(model)))[-1] / sqrt(dispersion) * sqrt(max(1, dispersion))
  residual <- resid(model, "pearson")
  without <- transform(month, after = 0, since_change = 0)
  list(
    data = "courses", by = set$series[1], delayed_entry = FALSE,
    events = month$events, years = month$years,
    rate_ratio = unname(exp(coef(model)[-1])),
    lower = unname(exp(coef(model)[-1] - qnorm(0.975) * error)),
    upper = unname(exp(coef(model)[-1] + qnorm(0.975) * error)),
    dispersion = dispersion,
    autocorrelation = acf(residual, plot = FALSE)$acf[2],
    ljung_box_p = unname(Box.test(residual, 12, "Ljung-Box")$p.value),
    fitted = unname(predict(model, month, type = "response") / month$years * 100),
    counterfactual = unname(predict(model, without, type = "response") / month$years * 100)
  )
})
write_reference(unname(reference), "interrupted_series")
