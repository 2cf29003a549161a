# Reading the sets and writing the numbers, the same way in every script.
library(survival)
library(jsonlite)

read_set <- function(name, delayed_entry = FALSE) {
  set <- read.csv(file.path("tests/r/data", paste0(name, ".csv")))
  if (name == "mgus2" && delayed_entry) {
    set$entry_days <- set$month_of_age
    set$follow_up_days <- set$month_of_age + set$follow_up_days
  }
  set$id <- seq_len(nrow(set))
  set
}

strata_of <- function(set, by) {
  if (is.null(by)) return(list(all = set))
  split(set, set[[by]])
}

response <- function(set, events, delayed_entry) {
  if (length(events) == 1) state <- as.integer(set$end_reason == events)
  else state <- factor(set$end_reason, c("censored", events))
  if (delayed_entry) Surv(set$entry_days, set$follow_up_days, state)
  else Surv(set$follow_up_days, state)
}

write_reference <- function(cases, name) {
  write_json(cases, file.path("tests/r", paste0(name, ".json")),
             digits = I(12), auto_unbox = TRUE, na = "null", null = "null", dataframe = "columns")
}
