"""
anonlink's whole pipeline: encode two tables as CLKs (clkhash), compare all pairs, solve greedily one to one.

usage: clk_link.py A.csv B.csv PAIRS.csv SOLVED.csv
Of the schemas that were tried on these lists, clk_schema.json gave anonlink its best F1: names, date, sex and place of
birth; sparse columns such as document numbers lowered it, for a missing value takes from Dice.
"""

import time

STARTED = time.perf_counter()

import csv  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Iterable  # noqa: E402

import anonlink  # noqa: E402
from bitarray import bitarray  # noqa: E402
from clkhash.clk import generate_clks  # noqa: E402
from clkhash.schema import from_json_dict  # noqa: E402

from report_line import cpu_seconds, print_line, versions_of  # noqa: E402

# Below this Dice coefficient hardly a pair is true; anonlink's best F1 on these lists lies near .79.
THRESHOLD = 0.7
SECRET = "thirdparty"


def encode(path: str) -> tuple[list[str], list[bitarray]]:
    """References and CLKs of one table, in its order."""
    schema = from_json_dict(json.loads(Path(__file__).with_name("clk_schema.json").read_text()))
    with open(path, newline="", encoding="utf-8") as table:
        rows = list(csv.reader(table))[1:]
    return [row[0] for row in rows], generate_clks(rows, schema, SECRET, validate=False, max_workers=1)


def write_pairs(path: str, pairs: Iterable[tuple[str, str, float]]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["ref_a", "ref_b", "weight_bits", "band"])
        writer.writerows((a, b, similarity, "") for a, b, similarity in pairs)


def main() -> None:
    table_a, table_b, pairs_path, solved_path = sys.argv[1:]
    loaded_s = cpu_seconds()
    (refs_a, clks_a), (refs_b, clks_b) = encode(table_a), encode(table_b)
    encoded_s = cpu_seconds()
    candidates = anonlink.candidate_generation.find_candidate_pairs(
        [clks_a, clks_b], anonlink.similarities.dice_coefficient_accelerated, THRESHOLD
    )
    compared_s = cpu_seconds()
    solution = anonlink.solving.greedy_solve(candidates)
    solved = list(anonlink.solving.pairs_from_groups(solution))
    cpu_s = cpu_seconds()
    wall_s = time.perf_counter() - STARTED
    similarities, _, (rows_a, rows_b) = candidates
    weights = {(a, b): similarity for similarity, a, b in zip(similarities, rows_a, rows_b)}
    write_pairs(pairs_path, ((refs_a[a], refs_b[b], weight) for (a, b), weight in weights.items()))
    write_pairs(solved_path, ((refs_a[a], refs_b[b], weights[a, b]) for a, b in solved))
    print_line(
        timesS=[wall_s],
        cpuS=cpu_s,
        stages={
            "load": loaded_s,
            "encode": encoded_s - loaded_s,
            "compare": compared_s - encoded_s,
            "solve": cpu_s - compared_s,
        },
        versions=versions_of("anonlink", "clkhash"),
    )


if __name__ == "__main__":
    main()
