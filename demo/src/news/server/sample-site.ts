import { createHash } from "node:crypto";
import { problem } from "./problem.ts";
import { SAMPLE_FEEDS, SAMPLE_ITEM_PATH, sampleItems } from "./sample.ts";
import { sampleDocument } from "./sample-formats.ts";

const ITEM = new RegExp(`^${SAMPLE_ITEM_PATH}[a-z]{1,20}(?:-[a-z]{1,20})?-\\d{1,12}$`);

const ITEM_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>An invented headline</title>
<main>
<h1>There is no such story</h1>
<p>The headline is from the sample feed, which is invented so that the news page has something to show without a network.</p>
<p>To follow real feeds, start the demo with their addresses: <code>npx artesian-demo --feed https://example.com/feed.xml</code></p>
<p><a href="/news">Back to the news</a></p>
<section lang="zh-CN">
<h2>没有这篇报道</h2>
<p>这条新闻来自示例订阅源，是虚构的，为的是没有网络时新闻页也有内容可看。</p>
<p>要订阅真实的新闻，启动时给出它们的地址：<code>npx artesian-demo --feed https://example.com/feed.xml</code></p>
<p><a href="/news">返回新闻</a></p>
</section>
</main>
</html>
`;

const HEADERS = { "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'" };

/** Whether a path belongs to the sample feeds. */
export function isSamplePath(pathname: string): boolean {
  return SAMPLE_FEEDS.some(({ path }) => path === pathname) || ITEM.test(pathname);
}

/**
 * Answers with a sample feed, as a good server of feeds does. Answers 304 if nothing has changed.
 */
export function answerSample(request: Request, nowMs: number): Response {
  const { pathname } = new URL(request.url);
  const feed = SAMPLE_FEEDS.find(({ path }) => path === pathname);
  if (feed === undefined) {
    if (!ITEM.test(pathname)) return problem("not_found", "There is no sample feed at this address.");
    return new Response(request.method === "HEAD" ? null : ITEM_PAGE, {
      headers: { ...HEADERS, "Content-Type": "text/html; charset=utf-8" },
    });
  }
  const { body, contentType } = sampleDocument(feed, sampleItems(feed, nowMs));
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  const headers = { ...HEADERS, ETag: etag, "Content-Type": contentType };
  if (request.headers.get("If-None-Match") === etag) return new Response(null, { status: 304, headers });
  return new Response(request.method === "HEAD" ? null : body, { headers });
}
