"""Entra: an exported provisioning schema as mappings, scopes and a target, with a report of what has no counterpart.

read_schema → find_parts → write_mapping, write_scope, write_target → Imported
"""

from reconciler.importers.entra.importing import Imported, ImportedDocument, import_entra, report
from reconciler.importers.entra.notes import Note
from reconciler.importers.entra.targets import Asked

__all__ = ["Asked", "Imported", "ImportedDocument", "Note", "import_entra", "report"]
