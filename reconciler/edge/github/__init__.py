"""GitHub: what a workflow's job is given and gives back, and the few parts of the REST API that `reconcile ci` needs."""
