import type { Action } from "../../core/matching/authorization.ts";
import type { Algorithm } from "../config/key-choice.ts";
import type { Material } from "./material.ts";

/** A key, and what its tokens may be used for. */
export interface TrustedKey {
  readonly actions: readonly Action[];
  /** Never empty. */
  readonly algorithms: readonly Algorithm[];
  readonly material: Material;
  /** Where it was given, for errors. */
  readonly place: string;
}

/** An issuer whose tokens are accepted. */
export interface TrustedIssuer {
  readonly issuer: string;
  readonly keys: readonly TrustedKey[];
}
