import { json } from "@sveltejs/kit";
import { hub } from "../../../lib/server/live.js";

export async function POST({ params, request }) {
  const { text } = await request.json();
  return json({ id: await hub.publish({ topic: `/users/${params.user}`, data: text }) }, { status: 201 });
}
