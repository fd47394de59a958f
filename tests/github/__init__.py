"""The shipped workflows run without GitHub: a runner of workflows, an API on loopback, a git repository, an endpoint."""
