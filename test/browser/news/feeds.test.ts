import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { connection, overflow, violations, visit } from "../chat-site.ts";
import { addItem, startNews, titles, usePages } from "../news-site.ts";

usePages();

test("feeds are added and removed in the page, and all pages follow", async () => {
  const site = await startNews({ sample: true, news: { allowAddress: () => true, polling: {} } });
  addItem(site, "river", "river 1");
  const page = await visit(`${site.origin}/news`, { viewport: { width: 390, height: 844 } });
  const other = await visit(`${site.origin}/news`, { locale: "zh-CN", colorScheme: "dark" });
  for (const each of [page, other]) await expect.poll(() => titles(each, "sample-culture")).toHaveLength(7);
  await page.getByTestId("sample-note").locator("summary").click();
  const add = page.getByTestId("sample-note").getByTestId("add-feed");
  await add.getByTestId("feed-address").fill("javascript:alert(1)");
  await add.getByTestId("feed-address").press("Enter");
  await add.getByTestId("add-outcome").getByText("not an http or https address").waitFor();
  await page.getByTestId("pause").click();
  expect(await violations(page)).toEqual([]);
  await add.getByTestId("feed-address").fill(`${site.feeds.origin}/river.json`);
  await add.getByRole("button", { name: "Add" }).click();
  const name = `${new URL(site.feeds.origin).host}/river.json`;
  for (const each of [page, other]) {
    await expect.poll(() => titles(each, name)).toEqual(["river 1"]);
    await expect.poll(() => each.getByTestId("feed").count()).toBe(1);
    await each.getByTestId("sample-note").waitFor({ state: "detached" });
  }
  await connection(page, "live");
  expect(await overflow(page)).toBe(0);

  await other.getByTestId("feeds-panel").locator("summary").click();
  await other.getByTestId("feed-address").fill(`${site.feeds.origin}/river.json`);
  await other.getByTestId("add-feed").getByRole("button", { name: "添加" }).click();
  await other.getByTestId("add-outcome").getByText("已经有这个订阅源了。").waitFor();
  await other.getByTestId("pause").click();
  expect(await violations(other)).toEqual([]);
  await other.getByRole("button", { name: "移除The river" }).click();
  for (const each of [page, other]) await expect.poll(() => each.getByTestId("feed").count()).toBe(4);
});

test("feeds come from an OPML file and go into one", async () => {
  const site = await startNews({ news: { allowAddress: () => true, polling: {} } });
  for (const name of ["river", "hill"]) addItem(site, name, `${name} 1`);
  const page = await visit(`${site.origin}/news`);
  const outline = (name: string, title: string): string =>
    `<outline text="${title}" type="rss" xmlUrl="${site.feeds.origin}/${name}.json"/>`;
  const opml = `<?xml version="1.0"?><opml version="1.0"><body><outline text="Folder">${outline("river", "A river")}</outline>${outline("hill", "小山")}
    <outline text="bad" xmlUrl="ftp://a.example/"/></body></opml>`;
  const file = (text: string): { name: string; mimeType: string; buffer: Buffer } => ({
    name: "feeds.opml",
    mimeType: "text/xml",
    buffer: Buffer.from(text),
  });
  await page.getByTestId("opml-in").setInputFiles(file("no opml"));
  await page.getByTestId("add-outcome").getByText("no OPML").waitFor();
  await page.getByTestId("opml-in").setInputFiles(file(opml));
  await page.getByRole("heading", { name: "A river" }).waitFor();
  await page.getByRole("heading", { name: "小山" }).waitFor();
  await page.getByTestId("feeds-panel").locator("summary").click();
  const download = page.waitForEvent("download");
  await page.getByTestId("opml-out").click();
  const text = await readFile(await (await download).path(), "utf8");
  expect(text).toContain(`title="小山" xmlUrl="${site.feeds.origin}/hill.json"`);
  expect(text.match(/<outline /g)).toHaveLength(2);
});

test.each([
  ["en", "3 feeds of the file were left out: only the first 99 are read.", "larger than 1 MB"],
  ["zh-CN", "其余 3 个没有读取", "超过 1 MB"],
])("an OPML file with too many feeds, or too large, says so: %s", async (language, leftOut, tooLarge) => {
  const site = await startNews();
  const page = await visit(`${site.origin}/news?lang=${language}`);
  const outlines = Array.from({ length: 102 }, (_, i) => `<outline text="${i}" xmlUrl="ftp://a.example/${i}"/>`).join("");
  const choose = async (text: string): Promise<void> =>
    page.getByTestId("opml-in").setInputFiles({ name: "feeds.opml", mimeType: "text/xml", buffer: Buffer.from(text) });
  await choose(`<opml version="1.0"><body>${outlines}</body></opml>`);
  await page.getByTestId("add-outcome").getByText(leftOut).waitFor();
  await choose(" ".repeat(1_000_001));
  await page.getByTestId("add-outcome").getByText(tooLarge).waitFor();
  expect(await page.getByTestId("add-outcome").getByText(leftOut).count()).toBe(0);
});

test("an address in a private network is refused in words", async () => {
  const site = await startNews();
  const page = await visit(`${site.origin}/news?lang=zh-CN`);
  await page.getByTestId("feed-address").fill(`http://localhost:${new URL(site.origin).port}/news/sample.xml`);
  await page.getByRole("button", { name: "添加" }).click();
  await page.getByTestId("add-outcome").getByText("这个地址在内部网络中").waitFor();
});
