import { type Authorization, invalidToken } from "../../core/matching/authorization.ts";
import { andThen } from "../../core/scheduler.ts";
import type { Tokens } from "../../core/table/tokens.ts";
import type { Authorizer } from "./index.ts";

/** Wraps an authorizer so that revoked tokens are refused too. */
export function revocable(authorizer: Authorizer, tokens: Tokens): Authorizer {
  const check = (authorization: Authorization): Authorization | Promise<Authorization> => {
    return andThen(tokens.isRevoked(authorization), (isRevoked) => accept(authorization, isRevoked));
  };
  return {
    verify: (token, action) => andThen(authorizer.verify(token, action), check),
    explain: (token, action) => authorizer.explain(token, action),
    start: () => authorizer.start(),
    issuersWithoutKeys: () => authorizer.issuersWithoutKeys(),
    prepare: (issuers) => authorizer.prepare(issuers),
    close: () => authorizer.close(),
  };
}

function accept(authorization: Authorization, isRevoked: boolean): Authorization {
  if (isRevoked) throw invalidToken("it is revoked");
  return authorization;
}
