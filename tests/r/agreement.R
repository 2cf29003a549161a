# Agreement of raters: kappa over pairs of raters and intraclass correlations (package psych);
# Fleiss' kappa with the variance of Gwet (2021), which psych lacks, from the definitions.
source("tests/r/common.R")
suppressPackageStartupMessages(library(psych))

set.seed(2024)
drawn <- function(n, k, levels, right) {
  truth <- sample(levels, n, replace = TRUE)
  t(sapply(truth, function(value) {
    ifelse(runif(k) < right, value, sample(levels, k, replace = TRUE))
  }))
}
left_out <- drawn(12, 5, c("a", "b", "c"), 0.6)
left_out[cbind(c(2, 5, 9), c(1, 4, 2))] <- NA
nominal <- list(two_levels = drawn(10, 10, c("0", "1"), 0.8),
                four_levels = drawn(15, 4, c("a", "b", "c", "d"), 0.5),
                left_out = left_out)
ordinal <- list(close = drawn(14, 4, 0:5, 0.8), apart = drawn(20, 3, 0:3, 0.3))
# Shrout and Fleiss (1979), table 2: six targets, four judges.
continuous <- list(
  shrout_fleiss = rbind(c(9, 2, 5, 8), c(6, 1, 3, 2), c(8, 4, 6, 8), c(7, 1, 2, 6),
                        c(10, 5, 6, 9), c(6, 2, 4, 7)),
  exact = round(outer(rnorm(10, 30, 8), rnorm(10, 0, 0.5), "+") + rnorm(100), 2)
)

fleiss <- function(ratings, level) {
  levels <- sort(unique(na.omit(as.vector(ratings))))
  counts <- t(apply(ratings, 1, function(row) table(factor(row, levels))))
  counts <- counts[rowSums(counts) >= 2, ]
  n <- nrow(counts); r <- rowSums(counts)
  shares <- colMeans(counts / r)
  agreed <- rowSums(counts * (counts - 1)) / (r * (r - 1))
  chance <- sum(shares^2)
  kappa <- (mean(agreed) - chance) / (1 - chance)
  # Gwet (2021): each case's part, with what it moves of the agreement by chance.
  part <- (agreed - chance) / (1 - chance) -
    2 * (1 - kappa) * (as.vector((counts / r) %*% shares) - chance) / (1 - chance)
  error <- sqrt(sum((part - kappa)^2) / (n * (n - 1)))
  half <- qt((1 + level) / 2, n - 1) * error
  c(kappa, max(-1, kappa - half), min(1, kappa + half))
}

of_pairs <- function(ratings, which) {
  whole <- ratings[rowSums(is.na(ratings)) == 0, ]
  levels <- if (is.numeric(ratings)) min(whole):max(whole) else sort(unique(as.vector(whole)))
  pairs <- combn(ncol(whole), 2)
  mean(apply(pairs, 2, function(pair) {
    found <- cohen.kappa(table(factor(whole[, pair[1]], levels), factor(whole[, pair[2]], levels)))
    found[[which]]
  }))
}

icc <- function(ratings, level) {
  found <- ICC(ratings, lmer = FALSE, alpha = 1 - level)$results
  lapply(list(agreement = "Single_random_raters", consistency = "Single_fixed_raters"),
         function(name) unname(unlist(found[found$type == c(Single_random_raters = "ICC2",
           Single_fixed_raters = "ICC3")[[name]], c("ICC", "lower bound", "upper bound")])))
}

rows <- function(ratings) lapply(seq_len(nrow(ratings)), function(i) I(ratings[i, ]))
case <- function(scale, name, ratings, level, expected) {
  list(scale = scale, name = name, confidence = level, ratings = rows(ratings), expected = expected)
}
cases <- c(
  lapply(names(nominal), function(name) {
    case("nominal", name, nominal[[name]], 0.95,
         list(fleiss_kappa = fleiss(nominal[[name]], 0.95),
              light_kappa = of_pairs(nominal[[name]], "kappa")))
  }),
  lapply(names(ordinal), function(name) {
    case("ordinal", name, ordinal[[name]], 0.95,
         list(weighted_kappa = of_pairs(ordinal[[name]], "weighted.kappa"),
              icc_agreement = icc(ordinal[[name]], 0.95)$agreement))
  }),
  lapply(names(continuous), function(name) {
    found <- icc(continuous[[name]], 0.9)
    case("continuous", name, continuous[[name]], 0.9,
         list(icc_agreement = found$agreement, icc_consistency = found$consistency))
  })
)
write_reference(cases, "agreement")
