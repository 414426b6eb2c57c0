/**
 * Something that is asked for: on its way, refused, or here.
 */
import { refusalOf, type Refusal } from "./api.ts";

export type Load<Value> =
  | { readonly state: "loading" }
  | { readonly state: "failed"; readonly refusal: Refusal }
  | { readonly state: "ready"; readonly value: Value };

export const LOADING = { state: "loading" } as const;

export async function loadOf<Value>(asked: Promise<Value>): Promise<Load<Value>> {
  try {
    return { state: "ready", value: await asked };
  } catch (error) {
    return { state: "failed", refusal: refusalOf(error) };
  }
}
