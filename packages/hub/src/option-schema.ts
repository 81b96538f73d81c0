import { z } from "zod";
import { suggestion } from "./core/names.ts";
import type { Range } from "./core/range.ts";

/** Names the kind of a value, and nothing of its content, which may be a secret. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "a list";
  if (value instanceof Promise) return "a promise, which must be awaited";
  return typeof value === "object" ? "an object" : typeof value === "string" ? "a text" : `a ${typeof value}`;
}

/** Shows a value as it was written, cut short and without the password of a URL. */
function show(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value !== "string") return kindOf(value);
  const masked = value.replace(/\/\/\S*@/, "//…@");
  return JSON.stringify(masked.length > 60 ? `${masked.slice(0, 60)}…` : masked);
}

/**
 * Schema of a value that passes a test.
 *
 * @param must - Completes the sentence "… is X; it must be", or makes the completion from the
 *   value.
 * @param options - `isSecret`: the error shows nothing of the value.
 */
export function checked(
  test: (value: unknown) => boolean,
  must: string | ((value: unknown) => string),
  { isSecret = false }: { readonly isSecret?: boolean } = {},
): z.ZodType {
  return z.unknown().superRefine((value, context) => {
    if (test(value)) return;
    const wanted = typeof must === "string" ? must : must(value);
    context.addIssue({ code: "custom", message: `is ${isSecret ? kindOf(value) : show(value)}; it must be ${wanted}` });
  });
}

/**
 * Schema of a whole number with a unit, such as milliseconds. With `endless`, Infinity switches the
 * bound off.
 */
export function whole([least, most]: Range, of: string, { endless = false }: { readonly endless?: boolean } = {}): z.ZodType {
  const inside = (value: unknown): value is number =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
  return checked(
    (value) => inside(value) || (endless && value === Infinity),
    (value) => {
      // 25 for 25 s is the usual slip.
      const meant = of === "milliseconds" && typeof value === "number" && value < least && inside(value * 1000);
      return (
        `a whole number${of === "" ? "" : ` of ${of}`} from ${least} to ${most}${endless ? ", or Infinity for no bound" : ""}.` +
        (meant ? ` If ${value} seconds are meant, write ${value * 1000}.` : "")
      );
    },
  );
}

/** Schema of true or false. Any other value would count as one of the two. */
export function flag(): z.ZodType {
  return checked((value) => typeof value === "boolean", "true or false.");
}

/** Schema of text that is not empty. */
export function filledText(): z.ZodType {
  return checked((value) => typeof value === "string" && value !== "", "a text that is not empty.");
}

/** Schema of an object with certain methods. */
export function withMethods(names: readonly string[], hint: string): z.ZodType {
  return checked(
    (value) => typeof value === "object" && value !== null && names.every((name) => typeof Reflect.get(value, name) === "function"),
    hint,
  );
}

/**
 * Schema of a list.
 *
 * @param example - How to write an item.
 * @param options - `least`: fewest items. `ifEmpty`: the advice for fewer items.
 */
export function list(
  item: z.ZodType,
  example: string,
  { least = 0, ifEmpty = "" }: { readonly least?: number; readonly ifEmpty?: string } = {},
): z.ZodType {
  return z
    .array(item, { error: ({ input }) => `is ${kindOf(input)}; it must be a list, such as ${example}.` })
    .refine((items) => items.length >= least, { error: () => `is empty. ${ifEmpty}` });
}

/**
 * Schema of an object with these names and no others. Each may be left out or undefined, except the
 * required names.
 *
 * @param example - How to write the object.
 */
export function record(shape: Readonly<Record<string, z.ZodType>>, example: string, required: readonly string[] = []): z.ZodType {
  const members = Object.entries(shape).map(([name, schema]) => [name, required.includes(name) ? schema : schema.optional()]);
  return z.strictObject(Object.fromEntries(members) as Record<string, z.ZodType>, {
    error: (issue) => {
      if (issue.code !== "unrecognized_keys") return `is ${kindOf(issue.input)}; it must be an object, such as ${example}.`;
      const { keys } = issue as unknown as { readonly keys: readonly string[] };
      return keys.map((name) => `has no \`${name}\`${suggestion(name, Object.keys(shape))}`).join(" It ");
    },
  });
}

/**
 * Checks options of the library.
 *
 * @param what - The function that was called, such as `createHub`.
 * @throws TypeError that lists every fault: each option's name, its value, and the required value.
 */
export function checkOptions(what: string, schema: z.ZodType, options: unknown): void {
  const result = schema.safeParse(options);
  if (result.success) return;
  const problems = result.error.issues.map(({ path, message }) => {
    const name = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
    return name === ""
      ? `${what}() ${message.startsWith("is ") ? `was given what ${message}` : message}`
      : `${what}(): \`${name.slice(1)}\` ${message}`;
  });
  throw new TypeError(problems.join("\n"));
}
