/**
 * What is counted: the names of a histogram's figures, and the smallest that is published. docs/spec/statistics.md
 * Without imports, so that a page can have it.
 */

/** Smallest noised value that is published. */
export const MIN_FIGURE = 10;

/** Most that one record changes a party's histogram: 1 by counterparts, 1 by category, 2 by risk indicators. */
export const HISTOGRAM_SENSITIVITY = 4;

/** Codes that a histogram counts, in the order in which a record's first ones are taken. */
export const RISK_INDICATORS = ["armed", "violent", "escape-risk", "financer", "recruiter", "foreign-fighter"] as const;

/** Figures by number of counterparts with whom a record has hits, fewest first. */
export const COUNTERPART_BINS = ["one", "two", "three", "four-or-more"] as const;
