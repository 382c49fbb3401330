"""The contract of a classifier, and what surrounds a fitted estimator."""
