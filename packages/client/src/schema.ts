import { reasonOf } from "./error.ts";

/**
 * A schema by the interface that Zod, Valibot and ArkType share.
 *
 * @see https://standardschema.dev
 */
export interface Schema<Output = unknown> {
  readonly "~standard": {
    readonly validate: (value: unknown) => Validated<Output> | Promise<Validated<Output>>;
    readonly types?: { readonly output: Output } | undefined;
  };
}

/** The outcome of a validation. `issues` names the faults. */
export type Validated<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

/** Data as its JSON, which is trusted to be of a type. */
export function json<Output>(): Schema<Output> {
  return { "~standard": { validate: (value) => ({ value: value as Output }) } };
}

/**
 * Validates data, which is JSON. An error of the parser or the schema is an issue like any other.
 *
 * @returns A promise only if the schema gives one.
 */
export function validate<Output>(schema: Schema<Output>, data: string): Validated<Output> | Promise<Validated<Output>> {
  const refuse = (error: unknown): Validated<Output> => ({
    issues: [{ message: error instanceof Error ? String(error) : reasonOf(error) }],
  });
  // Throws for a value that is no result, such as undefined or false.
  const take = (checked: Validated<Output>): Validated<Output> => (checked.issues || "value" in checked ? checked : refuse(checked));
  try {
    const checked = schema["~standard"].validate(JSON.parse(data));
    // A polyfill may have replaced `Promise`.
    return "then" in checked ? Promise.resolve(checked).then(take).catch(refuse) : take(checked);
  } catch (error) {
    return refuse(error);
  }
}
