"""Renderings of finished reports: page, Markdown, figures, a model's card. They compute nothing."""
