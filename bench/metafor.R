# The part of the evidence model that metafor can fit: one measure at a time, effects of country, study and row with
# REML estimates of their spreads. It has no priors, no bias of designs, no common typical spread and no unknown factor
# on imputed errors, so it answers another question than the whole model. Called as `Rscript metafor.R FOLDER`.
suppressPackageStartupMessages({
  library(metafor)
  library(jsonlite)
})

folder <- commandArgs(trailingOnly = TRUE)[1]
started <- proc.time()[["elapsed"]]
rows <- read.csv(file.path(folder, "rows.csv"), na.strings = "")
rows$country[is.na(rows$country)] <- "not stated"
level <- read_json(file.path(folder, "settings.json"))$level

# Lower end, median and upper end of the effect in a new place; NULL for a single row, which shows no spread.
new_place <- function(own) {
  if (nrow(own) < 2) return(NULL)
  effects <- list(~ 1 | country, ~ 1 | study_id, ~ 1 | effect_id)
  fitted <- rma.mv(log_ratio, se^2, random = effects, data = own, method = "REML")
  found <- predict(fitted, level = 100 * level)
  c(found$pi.lb, found$pred, found$pi.ub)
}

quantiles <- Filter(Negate(is.null), lapply(split(rows, rows$measure), new_place))
answer <- list(seconds = proc.time()[["elapsed"]] - started, quantiles = quantiles)
write_json(answer, file.path(folder, "metafor.json"), auto_unbox = TRUE, digits = NA)
