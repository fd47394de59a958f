"""What ships with the program is found, and nothing else is."""

import pytest

from reconciler.edge.shipped import find_shipped, read_shipped


def test_a_file_of_the_package_is_found() -> None:
    assert find_shipped("py.typed").is_file()


def test_the_schemas_of_a_checkout_are_found() -> None:
    assert find_shipped("schemas").is_dir()


def test_what_is_not_shipped_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match=r"no schemas/nothing\.schema\.json"):
        read_shipped("nothing.schema.json")
