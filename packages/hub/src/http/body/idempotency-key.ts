import { HubError } from "../../core/errors.ts";

/**
 * An `sf-string`: in quotes, with a backslash before a quote or another backslash. Parameters are
 * skipped.
 */
const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)" *(?:;.*)?$/;
/** A key without quotes, as many clients write it. Only characters that are unambiguous. */
const BARE = /^[\w!#$%&'*+.^`|~:/=@-]+$/;

/**
 * Reads the `Idempotency-Key` field.
 *
 * "Its value MUST be a String", but a value without quotes is accepted too. Several fields are
 * refused, because runtimes join them with a comma.
 *
 * @returns Undefined without the field.
 * @throws HubError `invalid_idempotency_key`.
 * @see draft-ietf-httpapi-idempotency-key-header, 2.1; RFC 9651, 3.3.3 "Strings".
 */
export function readIdempotencyKey(field: string | undefined): string | undefined {
  const value = field?.trim();
  if (value === undefined || BARE.test(value)) return value;
  const quoted = QUOTED.exec(value)?.[1];
  if (quoted !== undefined) return quoted.replaceAll(/\\(.)/g, "$1");
  throw new HubError(
    "invalid_idempotency_key",
    'The Idempotency-Key is not one string of printable ASCII in quotes, such as Idempotency-Key: "8e03978e-40d5-43e8-bc93-6894a57f9324".',
  );
}
