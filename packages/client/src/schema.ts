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
  const refuse = (error: unknown): Validated<Output> => ({ issues: [{ message: String(error) }] });
  try {
    const checked = schema["~standard"].validate(JSON.parse(data));
    return checked instanceof Promise ? checked.catch(refuse) : checked;
  } catch (error) {
    return refuse(error);
  }
}
