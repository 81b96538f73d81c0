export default defineEventHandler(async (event) => {
  const { text } = await readBody(event);
  const id = await hub.publish({ topic: `/users/${getRouterParam(event, "user")}`, data: text });
  setResponseStatus(event, 201);
  return { id };
});
