// A stream that the application decides on.
export default defineEventHandler((event) => {
  const user = sessions.get(getCookie(event, "sid"));
  const choice = user && { match: `/orders/${getRouterParam(event, "id")}`, subject: user };
  // Three parameters tell H3 to wait for the end of the stream.
  return fromNodeMiddleware((req, res, _next) => hub.stream(req, res, choice))(event);
});
