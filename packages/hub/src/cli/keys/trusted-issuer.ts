import type { Action } from "../../core/matching/authorization.ts";
import type { Algorithm } from "../config/key-choice.ts";
import type { Material } from "./material.ts";

/** A key and the permitted uses of the tokens. */
export interface TrustedKey {
  readonly actions: readonly Action[];
  /** Never empty. */
  readonly algorithms: readonly Algorithm[];
  readonly material: Material;
  /** The key's place in the configuration, for errors. */
  readonly place: string;
}

/** An accepted issuer. */
export interface TrustedIssuer {
  readonly issuer: string;
  readonly keys: readonly TrustedKey[];
}
