"""What becomes YAML: live resources, Entra schemas, CSV."""
