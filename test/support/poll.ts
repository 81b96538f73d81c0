import { expect } from "vitest";

/** An update in the answer to a poll. */
export interface PolledUpdate {
  readonly id?: string;
  readonly type?: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly retry?: number;
}

/** The answer to a poll. */
export interface Polled {
  readonly updates: readonly PolledUpdate[];
  readonly cursor: string;
  readonly gap?: { readonly requested: string; readonly first: string | null; readonly reason: string };
  readonly drain?: { readonly reconnectInMs: number };
}

export const JSON_ACCEPTED = { Accept: "application/json" };

/** Polls once. Other statuses than 200 fail the test. */
export async function poll(url: string, headers: Readonly<Record<string, string>> = {}, init: RequestInit = {}): Promise<Polled> {
  const response = await fetch(url, { ...init, headers: { ...JSON_ACCEPTED, ...headers } });
  const text = await response.text();
  expect([response.status, response.headers.get("content-type")], text).toEqual([200, "application/json"]);
  return JSON.parse(text) as Polled;
}

/** The URL of the next poll. */
export function after(url: string, cursor: string, wait = 30): string {
  return `${url}&wait=${wait}&last_event_id=${encodeURIComponent(cursor)}`;
}

/** Polls until so many updates came. @returns Their data, in order. */
export async function pollAll(
  url: string,
  count: number,
  cursor: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const data: string[] = [];
  let next = cursor;
  while (data.length < count) {
    const answer = await poll(after(url, next), headers);
    expect(answer.gap).toBeUndefined();
    next = answer.cursor;
    data.push(...answer.updates.map((update) => update.data));
  }
  return data;
}

export const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

export const dataOf = ({ updates }: Polled): string[] => updates.map((update) => update.data);
