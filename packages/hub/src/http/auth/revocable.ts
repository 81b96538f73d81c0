import { type Authorization, invalidToken } from "../../core/matching/authorization.ts";
import type { HubCore } from "../../core/hub-core.ts";
import type { Authorizer } from "./index.ts";

/** Wraps an authorizer so that revoked tokens are refused too. */
export function revocable(authorizer: Authorizer, hub: HubCore): Authorizer {
  const check = (authorization: Authorization): Authorization | Promise<Authorization> => {
    const isRevoked = hub.isRevoked(authorization);
    return typeof isRevoked === "boolean" ? accept(authorization, isRevoked) : isRevoked.then((found) => accept(authorization, found));
  };
  return {
    verify: (token, action) => {
      const verified = authorizer.verify(token, action);
      return verified instanceof Promise ? verified.then(check) : check(verified);
    },
    explain: (token, action) => authorizer.explain(token, action),
    start: () => authorizer.start(),
    issuersWithoutKeys: () => authorizer.issuersWithoutKeys(),
    close: () => authorizer.close(),
  };
}

function accept(authorization: Authorization, isRevoked: boolean): Authorization {
  if (isRevoked) throw invalidToken("it is revoked");
  return authorization;
}
