/**
 * Features of a compared pair: levels of agreement by field, what the agreeing values are worth, and cells of fields that go together.
 * A missing field has no feature: it is worth 0 bits.
 */

/** Levels of each field with the bits that are presumed where labelled pairs are silent. */
export const FIELD_LEVELS = {
  family: { exact: 8, root: 7, skeleton: 6.5, close: 5.5, near: 1.5, initial: 1.5, far: -4 },
  given: { exact: 6.5, root: 5.5, skeleton: 5, close: 4.5, near: 1, initial: 2, far: -4 },
  patronymic: { exact: 4, close: 3, far: -3 },
  birthDate: {
    exact: 12,
    swapped: 9,
    oneDigit: 7,
    onePart: 3,
    yearOff1: 8,
    yearOff5: 6,
    yearDigit: 7,
    dayMonth: 2,
    yearMonth: 7,
    year: 4,
    yearNear1: 2.5,
    yearNear5: 0,
    approxYear: 4,
    approxNear1: 3,
    approxNear5: 1,
    approxFar: -4,
    fullYear: 0,
    fullNear1: -1,
    fullNear5: -2,
    yearFar: -5,
    fullFar: -6,
  },
  birthPlace: { exact: 4, close: 3, far: -2 },
  nationality: { exact: 2, far: -3 },
  sex: { exact: 0.9, far: -5 },
  document: { exact: 18, close: 12, far: -0.5 },
  phone: { exact: 15, close: 9, far: -0.5 },
  onlineId: { exact: 18, close: 9, far: -0.5 },
  street: { exact: 10, close: 7, far: -1 },
  postcode: { exact: 6, close: 3, far: -1.5 },
  locality: { exact: 5, close: 4, far: -1.5 },
} as const;

type Levels = typeof FIELD_LEVELS;
export type Field = keyof Levels;
export type LevelOf<F extends Field> = keyof Levels[F] & string;

/** What moves the weight of agreement: presumed bits for one unit. */
const GRADUAL = {
  familyFrequency: 0.7,
  givenFrequency: 0.7,
  familyCloseFrequency: 0.3,
  givenCloseFrequency: 0.3,
  birthPlaceFrequency: 0.7,
  nationalityFrequency: 0.7,
  swappedNames: -1.5,
  oneAlias: -1,
  twoAliases: -1.5,
  variantCount: -0.3,
  dateCount: -0.3,
  spelledAlike: 0.5,
  furtherName: 2,
} as const;
export type Gradual = keyof typeof GRADUAL;

/** Coarse levels of the three fields whose evidence does not simply add. */
export const NAME_GRADES = ["agrees", "close", "far", "missing"] as const;
export const DATE_GRADES = ["agrees", "partly", "near", "far", "missing"] as const;
export type NameGrade = (typeof NAME_GRADES)[number];
export type DateGrade = (typeof DATE_GRADES)[number];

type Feature = { readonly name: string; readonly presumedBits: number; readonly isCell: boolean };

const LEVEL_FEATURES = Object.entries(FIELD_LEVELS).flatMap(([field, levels]) =>
  Object.entries(levels).map(([level, presumedBits]: [string, number]): Feature => ({
    name: `${field}.${level}`,
    presumedBits,
    isCell: false,
  })),
);
const GRADUAL_FEATURES = Object.entries(GRADUAL).map(([name, presumedBits]): Feature => ({
  name,
  presumedBits,
  isCell: false,
}));
const CELL_FEATURES = NAME_GRADES.flatMap((family) =>
  NAME_GRADES.flatMap((given) =>
    DATE_GRADES.map((date): Feature => ({ name: `cell.${family}.${given}.${date}`, presumedBits: 0, isCell: true })),
  ),
);

/** All features in order of their columns; column 0 is the intercept. */
export const FEATURES: readonly Feature[] = [
  { name: "intercept", presumedBits: -2, isCell: false },
  ...LEVEL_FEATURES,
  ...GRADUAL_FEATURES,
  ...CELL_FEATURES,
];

const COLUMNS: ReadonlyMap<string, number> = new Map(FEATURES.map(({ name }, column) => [name, column]));

function columnOf(name: string): number {
  const column = COLUMNS.get(name);
  if (column === undefined) throw new RangeError(`no feature ${name}`);
  return column;
}

/** Columns of a field's levels. */
export function levelColumns<F extends Field>(field: F): Readonly<Record<LevelOf<F>, number>> {
  const entries = Object.keys(FIELD_LEVELS[field]).map((level) => [level, columnOf(`${field}.${level}`)]);
  return Object.fromEntries(entries) as Record<LevelOf<F>, number>;
}

export function gradualColumn(name: Gradual): number {
  return columnOf(name);
}

const FIRST_CELL = columnOf(`cell.${NAME_GRADES[0]}.${NAME_GRADES[0]}.${DATE_GRADES[0]}`);

/** @param date - All three as places in their lists of grades. */
export function cellColumn(family: number, given: number, date: number): number {
  return FIRST_CELL + (family * NAME_GRADES.length + given) * DATE_GRADES.length + date;
}

/** Features of one pair: columns with their values, the intercept first. */
export class FeatureRow {
  readonly columns = new Uint16Array(64);
  readonly values = new Float64Array(64);
  length = 0;

  clear(): void {
    this.length = 0;
    this.add(0, 1);
  }

  add(column: number, value: number): void {
    this.columns[this.length] = column;
    this.values[this.length++] = value;
  }

  /** @param coefficients - Bits by column. */
  weightBits(coefficients: Float64Array): number {
    let sum = 0;
    for (let at = 0; at < this.length; at++)
      sum += (coefficients[this.columns[at] as number] as number) * (this.values[at] as number);
    return sum;
  }
}
