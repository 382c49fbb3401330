"""The metrics of a run: their names in results.json, and in words."""

from __future__ import annotations

METRICS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
}
"""What every table of experiments shows: names in results.json, and in words."""

DETAILS = {
    "mcc": "Matthews correlation",
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier score",
}
"""What is known of an experiment besides; all but the first need probabilities."""

TITLES = {**METRICS, **DETAILS}
"""All metrics of clips with one label each."""

TAG_METRICS = {
    "average_precision": "mean average precision",
    "macro_f1": "macro F1",
    "micro_f1": "micro F1",
}
"""What every table of experiments shows where clips have several labels."""

TAG_DETAILS = {
    "roc_auc": "ROC AUC",
    "subset_accuracy": "all labels right",
    "hamming_loss": "Hamming loss",
}
TAG_TITLES = {**TAG_METRICS, **TAG_DETAILS}
ERRORS = ("log_loss", "brier", "hamming_loss")
"""Metrics of which less is better."""

RANKING = tuple(name for name in TITLES if name not in ERRORS)
"""Metrics that can rank, the first by default."""

TAG_RANKING = tuple(name for name in TAG_TITLES if name not in ERRORS)
"""Those where clips have several labels."""
