"""Tables 2 and 3 from the reports of runs, as typed data; and as CSV, LaTeX, Markdown and a page."""
