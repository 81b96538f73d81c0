// Before all routes: other paths go on.
export default fromNodeMiddleware(hub.handler);
