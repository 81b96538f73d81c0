import type { Case, Scope } from "./case.ts";
import { OBJECT_CASES } from "./object-cases.ts";
import { REQUEST_CASES } from "./request-cases.ts";
import { STREAM_CASES } from "./stream-cases.ts";

/** The subtests of the web platform's `eventsource` tests that concern a client. */
export const CASES: readonly Case[] = [...OBJECT_CASES, ...REQUEST_CASES, ...STREAM_CASES];

/** The cases of a scope, with their places in the table. */
export function casesIn(scope: Scope): readonly (Case & { readonly index: number; readonly name: string })[] {
  return CASES.map((each, index) => ({ ...each, index, name: `${each.file}: ${each.title}` })).filter(
    ({ scopes }) => scopes === undefined || scopes.includes(scope),
  );
}
