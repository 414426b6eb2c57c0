"""
Splink on DuckDB, in the clear: train without labels, link two tables, write every scored pair.

usage: splink_link.py A.csv B.csv PAIRS.csv THREADS
The model follows Splink's documentation for lists of persons: names with term frequencies and swapped columns, dates of
birth by levels that allow for partial dates, aliases by their most similar pair; u by sampling, m by expectation maximisation.
"""

import time

STARTED = time.perf_counter()

import sys  # noqa: E402

import duckdb  # noqa: E402
import splink.comparison_level_library as cll  # noqa: E402
import splink.comparison_library as cl  # noqa: E402
from splink import DuckDBAPI, Linker, SettingsCreator, block_on  # noqa: E402

from report_line import cpu_seconds, print_line, versions_of  # noqa: E402

# Splink's default; ten times as many took three times as long for .003 of F1.
SAMPLED_PAIRS = 1e6
SEED = 1
LOWEST_WEIGHT = -5.0
COLUMNS = """
    ref AS unique_id, nullif(family_name, '') AS family_name, nullif(given_name, '') AS given_name,
    nullif(given_name || ' ' || family_name, ' ') AS full_name, nullif(dob, '') AS dob,
    CASE length(dob) WHEN 10 THEN dob END AS birth_day, nullif(left(dob, 4), '') AS birth_year,
    nullif(sex, '') AS sex, nullif(nationality, '') AS nationality, nullif(birth_place, '') AS birth_place,
    nullif(regexp_replace(doc_number, '[^a-z0-9]', '', 'g'), '') AS doc_number,
    nullif(right(regexp_replace(phone, '[^0-9]', '', 'g'), 8), '') AS phone,
    list_distinct(list_concat([given_name || ' ' || family_name], CASE aliases WHEN '' THEN [] ELSE string_split(aliases, '|') END)) AS names
"""


def birth_date_comparison() -> cl.CustomComparison:
    """Dates as text of ten, seven or four characters, or none."""
    whole = "length(dob_l) = 10 AND length(dob_r) = 10"
    swapped = "dob_l[1:5] = dob_r[1:5] AND dob_l[6:7] = dob_r[9:10] AND dob_l[9:10] = dob_r[6:7]"
    years = "abs(try_cast(left(dob_l, 4) AS INTEGER) - try_cast(left(dob_r, 4) AS INTEGER))"
    return cl.CustomComparison(
        output_column_name="dob",
        comparison_levels=[
            cll.NullLevel("dob"),
            cll.CustomLevel(f"dob_l = dob_r AND {whole}", "same day"),
            cll.CustomLevel(f"{whole} AND (damerau_levenshtein(dob_l, dob_r) <= 1 OR {swapped})", "one edit, or swapped"),
            cll.CustomLevel("left(dob_l, 4) = left(dob_r, 4) AND least(length(dob_l), length(dob_r)) < 10", "partial, same year"),
            cll.CustomLevel("left(dob_l, 4) = left(dob_r, 4)", "same year"),
            cll.CustomLevel(f"{years} <= 1", "a year apart"),
            cll.CustomLevel(f"{years} <= 5", "five years apart"),
            cll.ElseLevel(),
        ],
    )


def model() -> SettingsCreator:
    return SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.ForenameSurnameComparison(
                "given_name", "family_name", forename_surname_concat_col_name="full_name", jaro_winkler_thresholds=[0.92, 0.88]
            ),
            birth_date_comparison(),
            cl.PairwiseStringDistanceFunctionAtThresholds("names", "jaro_winkler", [0.95, 0.88]),
            cl.ExactMatch("sex"),
            cl.ExactMatch("nationality").configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("birth_place", [0.88]).configure(term_frequency_adjustments=True),
            cl.LevenshteinAtThresholds("doc_number", [1]),
            cl.ExactMatch("phone"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("family_name", "given_name"),
            block_on("birth_day"),
            block_on("doc_number"),
            block_on("phone"),
            block_on("family_name", "birth_year"),
            block_on("given_name", "birth_year"),
            block_on("substr(family_name, 1, 3)", "substr(given_name, 1, 1)", "birth_year"),
            block_on("names", arrays_to_explode=["names"]),
        ],
        retain_matching_columns=False,
    )


def main() -> None:
    table_a, table_b, pairs_path, threads = sys.argv[1:]
    connection = duckdb.connect()
    connection.execute(f"PRAGMA threads={int(threads)}")
    # Splink 5.0.0 writes lambdas in the syntax that DuckDB 2 takes only when told to.
    connection.execute("SET lambda_syntax='ENABLE_SINGLE_ARROW'")
    database = DuckDBAPI(connection)
    for name, path in (("a", table_a), ("b", table_b)):
        connection.execute(f"CREATE TABLE {name} AS SELECT {COLUMNS} FROM read_csv(?, header=true, all_varchar=true, nullstr='\\N')", [path])
    inputs = [database.register(name) for name in ("a", "b")]
    linker = Linker(inputs, model(), log_level="ERROR")
    read_s = cpu_seconds()
    linker.training.estimate_probability_two_random_records_match(
        [block_on("full_name", "birth_day"), block_on("doc_number"), block_on("phone")], recall=0.6
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=SAMPLED_PAIRS, seed=SEED)
    for rule in (block_on("birth_day"), block_on("family_name", "given_name")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    trained_s = cpu_seconds()
    pairs = linker.inference.predict(threshold_match_weight=LOWEST_WEIGHT)
    connection.execute(
        f"""COPY (SELECT unique_id_l AS ref_a, unique_id_r AS ref_b, match_weight AS weight_bits, '' AS band
            FROM {pairs.physical_name} ORDER BY match_weight DESC) TO '{pairs_path}' (HEADER)"""
    )
    cpu_s = cpu_seconds()
    wall_s = time.perf_counter() - STARTED
    print_line(
        timesS=[wall_s],
        cpuS=cpu_s,
        stages={"read": read_s, "train": trained_s - read_s, "predict": cpu_s - trained_s},
        versions=versions_of("splink", "duckdb"),
    )


if __name__ == "__main__":
    main()
