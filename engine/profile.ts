/**
 * The profile: rules, slots, canonicaliser, frequency table, match weights and bands, as one versioned JSON document.
 * Both sides hold it; its digest is part of every batch header and round. docs/spec/profile.md
 */
import { z } from "zod";
import { canonicalDigest } from "./canonical-json.ts";
import { LinkageError } from "./errors.ts";
import { isAlwaysHigh } from "./match/always-high.ts";

const MAX_SLOTS = 40;
/** One bit of a 32-bit agreement pattern each. */
const MAX_RULES = 32;
const MAX_COVERAGE_CLASSES = 8;
export const MIN_CLASS_ROWS = 20;

const Identifier = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/);
const Bits = z.number().min(-60).max(60);
const Probability = z.number().min(0).max(1);
const MAX_THRESHOLDS = 8;
/** One number for each of the weights' thresholds. */
const figure = <Entry extends z.ZodType>(entry: Entry) => z.array(entry).min(1).max(MAX_THRESHOLDS);
const BitsFigure = figure(Bits);

/** A rule: which facts make up its key, in how many slots, and what its agreement says of each fact group. */
const Rule = z.strictObject({
  id: Identifier,
  slots: z.int().min(1).max(8),
  /** Facts in the order in which they are hashed; the party's encoder knows each by name. */
  facts: z.array(Identifier).min(1).max(6),
  /** Bits that the facts must carry beyond the threshold: relatives and namesakes share them more often than chance. */
  extraBits: z.number().min(0).max(30).optional(),
  /** The rule is only for pairs of which one row has a coverage fact and the other lacks it, or both lack it; left out: for all. */
  between: z.strictObject({ fact: Identifier, rows: z.enum(["opposite", "lacking"]) }).optional(),
  /** Fact group → level reached when this rule agrees. */
  evidence: z.record(Identifier, Identifier),
});

/** A fact group: one fact counts once, at the highest level that any agreeing rule grants. */
const FactGroup = z.strictObject({
  id: Identifier,
  /** Levels from weakest to strongest. */
  levels: z
    .array(z.strictObject({ id: Identifier, bits: BitsFigure }))
    .min(1)
    .max(12),
  /** Coverage fact that both rows must have for a silent group to count as disagreeing; null: every row has it. */
  coverage: Identifier.nullable(),
  /** Bits when both rows have the fact and no rule says that it agrees. */
  disagreeBits: BitsFigure,
  /** Bits when a row lacks the fact. */
  missingBits: BitsFigure,
});

const ClassIndex = z
  .int()
  .min(0)
  .max(MAX_COVERAGE_CLASSES - 1);

/** A coverage class: which kinds of facts a row has. */
const CoverageClass = z.strictObject({
  facts: z.array(Identifier).max(6),
  /** Class into which this one merges when it is thin; null only for the class that has no facts. */
  mergesInto: ClassIndex.nullable(),
});

const Weights = z.strictObject({
  /** Information thresholds at which the figures hold, strictly increasing. */
  thresholdBits: figure(z.number().min(0).max(100)),
  /** Share of true pairs that agree on at least one rule; used by the prior's estimate. */
  candidateRecall: figure(z.number().gt(0).lt(1)),
  interceptBits: BitsFigure,
  groups: z.array(FactGroup).min(1).max(16),
});

/**
 * Pairs of different persons per 1,000 rows of the smaller batch, counted where the weights were fitted: for each of their
 * thresholds, by match weight less threshold bits; bin i starts at `fromBits` + i·`binBits`. For the forecast only.
 */
const Coincidences = z.strictObject({
  fromBits: Bits,
  binBits: z.number().gt(0).max(10),
  perThousandRows: figure(z.array(z.number().min(0).max(1e6)).max(200)),
});

/** How a pair of decoys looks to the engine: like one of the commonest kinds of true pairs. */
const DecoyPattern = z.strictObject({
  /** One digit for each rule, profile order: cells that agree under it. */
  cells: z.string().regex(/^[0-8]{1,32}$/),
  /** Coverage classes, of the lower party's row and of the higher party's. */
  classes: z.tuple([ClassIndex, ClassIndex]),
});
export type DecoyPattern = z.infer<typeof DecoyPattern>;

export const Profile = z
  .strictObject({
    format: z.literal("aquila/profile/v1"),
    id: Identifier,
    version: z.int().min(1),
    canonicaliser: z.string().min(1).max(20),
    /** SHA-256 of the frequency table's canonical JSON, base64url. */
    frequencyTable: z.string().length(43),
    /** Rule 3 of the design: a key travels only if its facts carry log2(N) + this many bits. */
    informationMarginBits: z.number().min(0).max(30),
    coverageClasses: z.array(CoverageClass).min(1).max(MAX_COVERAGE_CLASSES),
    rules: z.array(Rule).min(1).max(MAX_RULES),
    weights: Weights,
    /** True pairs per row of the smaller batch. */
    prior: z.strictObject({
      min: z.number().gt(0).max(1),
      max: z.number().gt(0).max(1),
      start: z.number().gt(0).max(1),
    }),
    coincidences: Coincidences.optional(),
    /** One list for each of the weights' thresholds, commonest first; a profile without them serves no round. */
    decoyPatterns: figure(z.array(DecoyPattern).min(8).max(64)).optional(),
    bands: z.strictObject({
      high: Probability,
      medium: Probability,
      low: Probability,
    }),
  })
  .superRefine((profile, context) => {
    for (const issue of profileFaults(profile)) context.addIssue({ code: "custom", message: issue });
  });
export type Profile = z.infer<typeof Profile>;
export type Rule = Profile["rules"][number];
/** One number for each of the weights' thresholds. */
export type Figure = readonly number[];

/** @throws {@link LinkageError} `profile-invalid` with the path of the first fault. */
export function parseProfile(value: unknown): Profile {
  const parsed = Profile.safeParse(value);
  if (parsed.success) {
    const profile = parsed.data;
    const weak = profile.decoyPatterns?.findIndex((each) => !each.every(({ cells }) => isAlwaysHigh(profile, cells)));
    if (weak !== undefined && weak >= 0)
      throw new LinkageError("profile-invalid", `decoyPatterns.${weak}: a pattern is not always in band high`);
    return profile;
  }
  const issue = parsed.error.issues[0];
  throw new LinkageError("profile-invalid", `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}`);
}

/** @returns SHA-256 of the profile's canonical JSON, base64url, 43 characters. */
export function profileDigest(profile: Profile): string {
  return canonicalDigest(profile);
}

/** @returns K, the key cells of one row. */
export function slotCount(profile: Profile): number {
  return profile.rules.reduce((sum, rule) => sum + rule.slots, 0);
}

type ProfileParts = {
  rules: z.infer<typeof Rule>[];
  coverageClasses: z.infer<typeof CoverageClass>[];
  weights: z.infer<typeof Weights>;
  coincidences?: z.infer<typeof Coincidences> | undefined;
  decoyPatterns?: DecoyPattern[][] | undefined;
  prior: { min: number; max: number; start: number };
  bands: { high: number; medium: number; low: number };
};

function profileFaults(profile: ProfileParts): string[] {
  const faults: string[] = [];
  const slots = profile.rules.reduce((sum, rule) => sum + rule.slots, 0);
  if (slots > MAX_SLOTS) faults.push(`rules hold ${slots} slots; at most ${MAX_SLOTS}`);
  if (new Set(profile.rules.map((rule) => rule.id)).size !== profile.rules.length)
    faults.push("a rule id occurs twice");
  const groups = new Map(profile.weights.groups.map((group) => [group.id, group.levels.map((level) => level.id)]));
  for (const rule of profile.rules) {
    for (const [group, level] of Object.entries(rule.evidence)) {
      if (!groups.get(group)?.includes(level)) faults.push(`rule ${rule.id} grants an unknown level ${group}.${level}`);
    }
  }
  const { prior, bands } = profile;
  if (prior.min > prior.start || prior.start > prior.max) faults.push("prior: min, start and max are out of order");
  if (bands.low > bands.medium || bands.medium > bands.high)
    faults.push("bands: low, medium and high are out of order");
  if (groups.size !== profile.weights.groups.length) faults.push("a fact group id occurs twice");
  faults.push(...figureFaults(profile));
  faults.push(...(profile.decoyPatterns ?? []).flatMap((patterns) => decoyFaults(profile, patterns)));
  const covered = new Set(profile.coverageClasses.flatMap((coverage) => coverage.facts));
  for (const { id, levels, coverage } of profile.weights.groups) {
    if (new Set(levels.map((level) => level.id)).size !== levels.length) faults.push(`a level of ${id} occurs twice`);
    if (coverage !== null && !covered.has(coverage))
      faults.push(`no coverage class lists ${coverage}, which ${id} needs`);
  }
  profile.coverageClasses.forEach((coverage, index) => {
    const into = coverage.mergesInto === null ? undefined : profile.coverageClasses[coverage.mergesInto];
    if (into?.facts.some((fact) => !coverage.facts.includes(fact)) === true)
      faults.push(`coverage class ${index} merges into one that has facts which it lacks`);
    if (coverage.mergesInto === null && index !== 0) faults.push(`coverage class ${index} merges into nothing`);
    if (coverage.mergesInto !== null && coverage.mergesInto >= index)
      faults.push(`coverage class ${index} must merge into an earlier one`);
  });
  return faults;
}

function decoyFaults({ rules, coverageClasses }: ProfileParts, patterns: readonly DecoyPattern[]): string[] {
  const faults: string[] = [];
  for (const { cells, classes } of patterns) {
    if (cells.length !== rules.length)
      faults.push(`a decoy pattern has ${cells.length} digits for ${rules.length} rules`);
    else if (rules.some(({ slots }, rule) => Number(cells[rule]) > slots))
      faults.push("a decoy pattern has more cells of a rule than there are slots");
    if (classes.some((index) => index >= coverageClasses.length))
      faults.push("a decoy pattern names no coverage class");
  }
  if (new Set(patterns.map((pattern) => canonicalDigest(pattern))).size !== patterns.length)
    faults.push("a decoy pattern occurs twice");
  return faults;
}

function figureFaults({ weights, coincidences, decoyPatterns }: ProfileParts): string[] {
  const knots = weights.thresholdBits;
  const faults: string[] = [];
  if (knots.some((bits, at) => at > 0 && bits <= (knots[at - 1] as number)))
    faults.push("weights.thresholdBits does not strictly increase");
  const figures: [string, readonly unknown[]][] = [
    ["candidateRecall", weights.candidateRecall],
    ["interceptBits", weights.interceptBits],
    ...weights.groups.flatMap(({ id, levels, disagreeBits, missingBits }): [string, Figure][] => [
      ...levels.map((level): [string, Figure] => [`${id}.${level.id}`, level.bits]),
      [`${id}.disagreeBits`, disagreeBits],
      [`${id}.missingBits`, missingBits],
    ]),
  ];
  const bins = coincidences?.perThousandRows ?? [];
  if (coincidences !== undefined) figures.push(["coincidences.perThousandRows", bins]);
  if (decoyPatterns !== undefined) figures.push(["decoyPatterns", decoyPatterns]);
  for (const [name, { length }] of figures)
    if (length !== knots.length) faults.push(`${name} has ${length} entries for ${knots.length} thresholds`);
  if (bins.some(({ length }) => length !== bins[0]?.length))
    faults.push("coincidences.perThousandRows has lists of several lengths");
  return faults;
}
