import type { Locator, Page } from "playwright-core";
import { connection, visit } from "../chat-site.ts";

export async function say(page: Page, text: string): Promise<void> {
  await page.getByTestId("composer").fill(text);
  await page.getByTestId("send").click();
}

/** The message with this text and in this state. */
export function saying(page: Page, text: string, status = "received"): Locator {
  return page.locator(`[data-testid=message][data-status=${status}]`, { has: page.getByText(text, { exact: true }) });
}

export async function texts(page: Page): Promise<string[]> {
  return await page.getByTestId("message-text").allInnerTexts();
}

export async function enter(url: string, nickname: string, options = {}): Promise<Page> {
  const page = await visit(url, { nickname, ...options });
  await connection(page, "live");
  return page;
}
