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

/** The outcome of a validation. `issues` says what is wrong. */
export type Validated<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

/** Data as its JSON, which is trusted to be of a type. */
export function json<Output>(): Schema<Output> {
  return { "~standard": { validate: (value) => ({ value: value as Output }) } };
}

/** Validates data, which is JSON. A promise only if the schema gives one. */
export function validate<Output>(schema: Schema<Output>, data: string): Validated<Output> | Promise<Validated<Output>> {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return { issues: [{ message: "The data is no JSON." }] };
  }
  return schema["~standard"].validate(value);
}
