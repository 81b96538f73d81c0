import { hub } from "../live.server.js";

export async function action({ params, request }) {
  const { text } = await request.json();
  return Response.json({ id: await hub.publish({ topic: `/users/${params.user}`, data: text }) }, { status: 201 });
}
