/**
 * Values of a JSON Schema as /openapi.json has it, and now and then a value that is none.
 */
import fc from "fast-check";

export type Schema = Readonly<Record<string, unknown>>;
type Schemas = Readonly<Record<string, Schema>>;

/** Longest list drawn, whatever the schema allows. */
const MOST_ITEMS = 4;
/** One in so many values is of another shape. */
const ODD_ONE_IN = 24;

const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(
    "",
    "\u0000",
    "../..",
    "é\u0301\ud800",
    "x".repeat(5_000),
    -1,
    1e308,
    2 ** 53,
    { __proto__: null, constructor: { prototype: { isAdmin: true } } },
    JSON.parse('{"__proto__":{"isAdmin":true}}'),
  ),
);

/** What is there, such as ids of rounds, by the name of the member or parameter that holds it. */
export type Names = Readonly<Record<string, readonly string[]>>;

/** @param name - Of the member or parameter, empty if it has none: most values are then those of `names`. */
export function valuesOf(schema: Schema, schemas: Schemas, names: Names, name = ""): fc.Arbitrary<unknown> {
  const values = (one: unknown, as = name): fc.Arbitrary<unknown> => valuesOf(one as Schema, schemas, names, as);
  return fc.oneof({ weight: ODD_ONE_IN, arbitrary: shaped() }, { weight: 1, arbitrary: odd });

  function shaped(): fc.Arbitrary<unknown> {
    const { $ref: reference, anyOf, oneOf, const: only, enum: listed, type } = schema;
    if (typeof reference === "string") return values(schemas[reference.replace("#/components/schemas/", "")]);
    const choices = anyOf ?? oneOf;
    if (Array.isArray(choices)) return fc.oneof(...choices.map((one) => values(one)));
    if (only !== undefined) return fc.constant(only);
    if (Array.isArray(listed)) return fc.constantFrom<unknown>(...(listed as unknown[]));
    if (type === "null") return fc.constant(null);
    if (type === "boolean") return fc.boolean();
    if (type === "integer" || type === "number") return numbers();
    if (type === "string") return strings();
    if (type === "array") return lists();
    if (type === "object") return objects();
    throw new RangeError(`a schema of another kind: ${JSON.stringify(schema)}`);
  }

  function numbers(): fc.Arbitrary<number> {
    const { minimum, maximum, exclusiveMinimum, type } = schema as Readonly<Record<string, number | undefined>>;
    const min = minimum ?? exclusiveMinimum ?? -1_000;
    const max = maximum ?? Number.MAX_SAFE_INTEGER;
    return (type as unknown) === "integer"
      ? fc.integer({ min, max: Math.max(min, max) })
      : fc.double({ min, max, noNaN: true });
  }

  function strings(): fc.Arbitrary<string> {
    const { pattern, minLength, maxLength } = schema as { pattern?: string; minLength?: number; maxLength?: number };
    const fits = new RegExp(pattern ?? "", "u");
    const known = (names[name] ?? []).filter((one) => fits.test(one));
    const plain =
      pattern === undefined || pattern.includes("\\p{")
        ? fc.string({ minLength: minLength ?? 0, maxLength: Math.min(maxLength ?? 40, 40) })
        : fc.stringMatching(new RegExp(pattern));
    return known.length === 0
      ? plain
      : fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: plain });
  }

  function lists(): fc.Arbitrary<unknown[]> {
    const { prefixItems, items, minItems, maxItems } = schema as {
      prefixItems?: unknown[];
      items?: unknown;
      minItems?: number;
      maxItems?: number;
    };
    if (prefixItems !== undefined) return fc.tuple(...prefixItems.map((one) => values(one)));
    const least = Math.min(minItems ?? 0, MOST_ITEMS);
    return fc.array(values(items), {
      minLength: least,
      maxLength: Math.max(least, Math.min(maxItems ?? MOST_ITEMS, MOST_ITEMS)),
    });
  }

  function objects(): fc.Arbitrary<unknown> {
    const { properties, propertyNames, additionalProperties, required } = schema as {
      properties?: Readonly<Record<string, Schema>>;
      propertyNames?: Schema;
      additionalProperties?: unknown;
      required?: string[];
    };
    if (properties === undefined)
      return fc.dictionary(
        propertyNames === undefined
          ? fc.string()
          : values(propertyNames).map((one) => (typeof one === "string" ? one : JSON.stringify(one))),
        values(additionalProperties),
        { maxKeys: MOST_ITEMS },
      );
    const shape = Object.fromEntries(Object.entries(properties).map(([member, one]) => [member, values(one, member)]));
    return fc.record(shape, required === undefined ? {} : { requiredKeys: required });
  }
}
