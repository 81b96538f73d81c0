import type { ComponentChildren } from "preact";
import type { About } from "../../server/wire.ts";
import { Fact } from "../fact.tsx";
import { dayAndClock, duration } from "../format.ts";
import { Matchers } from "../matchers.tsx";
import { Words } from "../words.tsx";
import type { DecodedToken } from "./decode.ts";
import { workshopTexts } from "./texts.ts";

/** A token in words: what it may do, until when, and for which hub. */
export function Explanation({ token, about }: { token: DecodedToken; about: About }): ComponentChildren {
  const texts = workshopTexts().explain;
  const { publish, subscribe, audiences, issuer, subject, tokenId, issuedAt, algorithm, isOld } = token;
  const hubPath = new URL(about.hub).pathname;
  const names = (topic: string): boolean => publish.some(({ type, pattern }) => type === "exact" && pattern === hubPath + topic);
  return (
    <div class="life">
      <p class="verdict" data-fate={isCurrent(token) ? "delivered" : undefined} data-testid="token-time">
        <b>{timeOf(token)}</b>{" "}
        {audiences.length === 0 ? texts.anyHub : audiences.includes(about.audience) ? texts.thisHub : texts.otherHub(audiences.join(" "))}
      </p>
      <h4>{texts.publishes}</h4>
      {publish.length === 0 ? <p class="hint">{texts.publishesNothing}</p> : <Matchers matchers={publish} />}
      <h4>{texts.reads}</h4>
      {subscribe.length === 0 ? <p class="hint">{texts.readsNothing}</p> : <Matchers matchers={subscribe} />}
      {names("/admin") ? (
        <p data-testid="token-admin">{texts.admin}</p>
      ) : (
        names("/monitor") && <p data-testid="token-monitor">{texts.monitor}</p>
      )}
      {isOld && <p class="hint">{texts.old}</p>}
      <dl class="facts grid-facts">
        {issuer !== undefined && <Fact name={texts.issuer}>{issuer}</Fact>}
        {subject !== undefined && <Fact name={texts.subject}>{subject}</Fact>}
        {tokenId !== undefined && <Fact name={texts.tokenId}>{tokenId}</Fact>}
        {issuedAt !== undefined && <Fact name={texts.issued}>{dayAndClock(issuedAt)}</Fact>}
        <Fact name={texts.algorithm}>{algorithm}</Fact>
      </dl>
      <p class="hint">
        <Words text={texts.unchecked} />
      </p>
    </div>
  );
}

function isCurrent({ notBefore = -Infinity, expiresAt = Infinity }: DecodedToken): boolean {
  return notBefore <= Date.now() && Date.now() < expiresAt;
}

function timeOf({ notBefore, expiresAt }: DecodedToken): string {
  const texts = workshopTexts().explain;
  const now = Date.now();
  if (notBefore !== undefined && notBefore > now) return texts.notYet(dayAndClock(notBefore));
  if (expiresAt === undefined) return texts.noEnd;
  return expiresAt > now ? texts.until(dayAndClock(expiresAt), duration(expiresAt - now)) : texts.ended(dayAndClock(expiresAt));
}
