# Real, public data sets of the package survival, in the columns of a cohort.
library(survival)

write_set <- function(set, name) {
  write.csv(set, file.path("tests/r/data", paste0(name, ".csv")), row.names = FALSE, quote = FALSE,
            na = "")
}

write_set(with(lung, data.frame(
  follow_up_days = time,
  end_reason = ifelse(status == 2, "death", "censored"),
  sex = ifelse(sex == 1, "male", "female"),
  ecog = ph.ecog, age = age, institution = inst
)), "lung")

write_set(with(veteran, data.frame(
  follow_up_days = time,
  end_reason = ifelse(status == 1, "death", "censored"),
  cell_type = as.character(celltype),
  treatment = ifelse(trt == 1, "standard", "test"),
  karnofsky = karno, age = age, prior = ifelse(prior == 0, "no", "yes")
)), "veteran")

# Progression and death compete; on the age scale a person comes under observation at diagnosis.
write_set(with(mgus2, data.frame(
  follow_up_days = ifelse(pstat == 1, ptime, futime),
  end_reason = ifelse(pstat == 1, "progression", ifelse(death == 1, "death", "censored")),
  sex = ifelse(sex == "F", "female", "male"),
  age = age, haemoglobin = hgb, month_of_age = 12 * age
)), "mgus2")

# A row a period before or after transplantation: some enter late, some stay for half a day.
write_set(with(heart, data.frame(
  entry_days = 2 * start,
  follow_up_days = 2 * stop,
  end_reason = ifelse(event == 1, "death", "censored"),
  transplant = ifelse(transplant == 1, "yes", "no"),
  surgery = ifelse(surgery == 1, "yes", "no"),
  age = round(age, 4), year = round(year, 4)
)), "heart")

# Only those diagnosed have an age and a year: nobody is followed.
write_set(with(mgus, data.frame(
  sex = as.character(sex), age_years = age, diagnosis_year = 1900 + dxyr
)), "mgus")

# Laboratory values of the same persons, again and again over the years.
write_set(with(pbcseq, data.frame(
  person = id, years = round(day / 365.25, 4), age = round(age, 4),
  sex = ifelse(sex == "f", "female", "male"), drug = ifelse(trt == 1, "penicillamine", "placebo"),
  albumin = albumin, log_bilirubin = round(log(bili), 6)
)), "pbcseq")
