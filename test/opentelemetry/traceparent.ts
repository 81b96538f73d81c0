/** Names of a trace, as a client sends them. */
export const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
export const REMOTE_SPAN_ID = "00f067aa0ba902b7";
export const TRACEPARENT: string = `00-${TRACE_ID}-${REMOTE_SPAN_ID}-01`;
