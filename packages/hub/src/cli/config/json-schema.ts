import type { ZodType } from "zod";

/** A JSON Schema (2020-12), or a part of one. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

const SCHEMAS = new WeakMap<ZodType, JsonSchema>();

/**
 * Notes which values of the configuration file a parser allows.
 *
 * @returns The parser itself.
 */
export function withJsonSchema<T extends ZodType>(parser: T, inFile: JsonSchema): T {
  SCHEMAS.set(parser, inFile);
  return parser;
}

/**
 * The values of the configuration file that a parser allows.
 *
 * @throws TypeError for a parser without {@link withJsonSchema}.
 */
export function jsonSchemaOf(parser: ZodType): JsonSchema {
  const inFile = SCHEMAS.get(parser);
  if (inFile === undefined) throw new TypeError("This parser has no JSON Schema: make it by withJsonSchema().");
  return inFile;
}
