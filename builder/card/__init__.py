"""The dataset card, as far as it says what is there: words, sizes, tables."""
