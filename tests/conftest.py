"""What every test may ask for."""

from hypothesis import settings

pytest_plugins = ["tests.servers.fixtures"]

# No test fails for being slow on a busy machine: benchmarks measure time.
settings.register_profile("ours", deadline=None)
settings.load_profile("ours")
