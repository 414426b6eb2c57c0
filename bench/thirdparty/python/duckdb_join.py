"""
DuckDB's own join of two columns of 64-bit keys, both in its memory before the clock starts, one thread.

usage: duckdb_join.py FOLDER count|pairs REPEATS
FOLDER holds a.keys, a.rows, b.keys and b.rows as bench/thirdparty/key-files.ts writes them.
"""

import sys
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from report_line import print_line, versions_of

STATEMENTS = {
    "count": "SELECT count(*) FROM a JOIN b USING (key)",
    "pairs": "CREATE OR REPLACE TEMP TABLE pairs AS SELECT a.row AS row_a, b.row AS row_b FROM a JOIN b USING (key)",
}
COUNTS = {"count": STATEMENTS["count"], "pairs": "SELECT count(*) FROM pairs"}


def main() -> None:
    folder, mode, repeats = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    connection = duckdb.connect()
    connection.execute("PRAGMA threads=1")
    for side in ("a", "b"):
        column = pa.table(
            {
                "key": np.fromfile(folder / f"{side}.keys", dtype="<u8"),
                "row": np.fromfile(folder / f"{side}.rows", dtype="<u4"),
            }
        )
        connection.register("column_read", column)
        connection.execute(f"CREATE TABLE {side} AS SELECT * FROM column_read")
        connection.unregister("column_read")
    times: list[float] = []
    for repeat in range(repeats + 1):
        started = time.perf_counter()
        connection.execute(STATEMENTS[mode]).fetchall()
        if repeat > 0:
            times.append(time.perf_counter() - started)
    ((found,),) = connection.execute(COUNTS[mode]).fetchall()
    print_line(timesS=times, results=found, versions=versions_of("duckdb"))


if __name__ == "__main__":
    main()
