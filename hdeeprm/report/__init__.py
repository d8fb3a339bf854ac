"""One page about runs that can be mailed: HTML, style, scripts and data in one file, nothing from elsewhere.

run directories → RecordedRun ─┬→ tables and SVG (overview, comparing, learning, sketch, reproducing) ─┬→ page
                               └→ content → payload: columns that the scripts in page/ draw ───────────┘
"""

from .writing import write_report

__all__ = ["write_report"]
