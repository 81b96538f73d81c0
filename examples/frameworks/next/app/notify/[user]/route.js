import { hub } from "../../../lib/live.mjs";

export async function POST(request, { params }) {
  const { user } = await params;
  const { text } = await request.json();
  return Response.json({ id: await hub.publish({ topic: `/users/${user}`, data: text }) }, { status: 201 });
}
