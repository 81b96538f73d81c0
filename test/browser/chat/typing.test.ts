import { describe, expect, test } from "vitest";
import { startSite, usePages, violations } from "../chat-site.ts";
import { enter, saying } from "./talking.ts";

usePages();

describe("the sign that somebody types", () => {
  test("comes with the keys, moves nothing, and ends with the message or by itself", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const ada = await enter(`${site.origin}/chat/lobby`, "Ada", { locale: "zh-CN" });
    const grace = await enter(`${site.origin}/chat/lobby`, "Grace");
    await expect.poll(() => grace.getByTestId("people-count").innerText()).toBe("2");
    await expect.poll(() => ada.getByTestId("people-count").innerText()).toBe("2");
    const posts: string[] = [];
    grace.on("request", (request) => request.url().endsWith("/typing") && posts.push(request.url()));
    const heightOf = (): Promise<number> =>
      ada.getByTestId("messages").evaluate(({ clientHeight, scrollHeight }) => clientHeight * 1e5 + scrollHeight);
    const before = await heightOf();
    await grace.getByTestId("composer").pressSequentially("Hello you", { delay: 5 });
    await ada.getByTestId("typing").filter({ hasText: "Grace 正在输入…" }).waitFor();
    expect(await heightOf()).toBe(before);
    expect(posts).toHaveLength(1);
    expect(await grace.getByTestId("typing").count()).toBe(0);
    expect(await violations(ada)).toEqual([]);
    await grace.getByTestId("send").click();
    await saying(ada, "Hello you").waitFor();
    await ada.getByTestId("typing").waitFor({ state: "detached" });

    // The writer goes away without a word.
    await ada.getByTestId("composer").pressSequentially("well");
    await grace.getByTestId("typing").filter({ hasText: "Ada is typing…" }).waitFor();
    await grace.getByTestId("typing").waitFor({ state: "detached" });
  });
});
