"""CI: the story of a pull request, its merge and the schedule, job by job (DESIGN 7; research: actions 4).

validate, targets → plan (a part and a manifest per target) → comment
reviewed (the manifests of what was merged) → apply (a part per target) → report, issue
drift (a part per target) → issue
"""
