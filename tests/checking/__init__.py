"""`check` and `import` over HTTP: what is found of which endpoint, and that nothing is left behind."""
