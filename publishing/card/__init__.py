"""The card of a repository: what is published there, its picture, its text."""
