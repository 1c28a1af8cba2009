"""The benchmark's headline figures: their names, and what they are (docs/publishing.md defines them)."""

OVERALL = "overall"
"""The figure over all datasets; that of one dataset is called as the dataset."""

METRIC = "Balanced accuracy under corruption, %"
MEANING = (
    "balanced accuracy in percent, averaged over all corruptions of the dataset and their severities 1 "
    f"to 5; '{OVERALL}' is the mean of the twelve datasets' figures"
)
