"""The floor of tables: every row the project keeps, and the functions that load and save it.

Pages may read through `store.read()` and `store.look()`; only actions write, in `store.write()`.
"""

from assess.store.base import alone, db, dispose, exclusive, look, only_reads, read, time, write

__all__ = ["alone", "db", "dispose", "exclusive", "look", "only_reads", "read", "time", "write"]
