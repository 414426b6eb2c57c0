"""
anonlink's C++ kernel alone: Dice of all pairs of two lists of 1024-bit CLKs, through its Python package.

usage: clk_kernel.py ROWS REPEATS [A.csv B.csv]
Times are processor times of its one thread. Without tables the CLKs are random and half full, so that the kernel cannot
pass over a pair by its numbers of bits.
"""

import random
import sys
import time

from anonlink.similarities import dice_coefficient_accelerated
from bitarray import bitarray

from clk_link import encode
from report_line import print_line, versions_of

# The usual threshold; the higher it is, the more pairs are passed over.
THRESHOLD = 0.8
CLK_BYTES = 128
SEED = 1


def random_clks(rows: int, draws: random.Random) -> list[bitarray]:
    clks = [bitarray() for _ in range(rows)]
    for clk in clks:
        clk.frombytes(draws.randbytes(CLK_BYTES))
    return clks


def main() -> None:
    rows, repeats, tables = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    draws = random.Random(SEED)
    clks = [encode(table)[1][:rows] for table in tables] or [random_clks(rows, draws) for _ in range(2)]
    times: list[float] = []
    found = 0
    for repeat in range(repeats + 1):
        started = time.process_time()
        similarities, _ = dice_coefficient_accelerated(clks, THRESHOLD)
        if repeat > 0:
            times.append(time.process_time() - started)
        found = len(similarities)
    print_line(timesS=times, results=found, versions=versions_of("anonlink"))


if __name__ == "__main__":
    main()
