/*
 * The load generator: opens subscribers on one server, publishes to it and measures. Each of its modes prints one line of JSON.
 *
 *   load --port P --subscribers N [--window W] [--seconds S] [--pids PID,PID]   load: closed loop, or open at --rate R
 *   load --mode hold …     opens the subscribers, then holds them until its standard input ends
 *   load --mode herd …     what it takes to come back, all at once, and to catch up (herd.c)
 *   load --mode poll …     the same information by polling (poll.c)
 *
 * Method.
 *  - W publishers, each on a keep-alive connection of its own, each with one update in flight. An update is in
 *    flight until every subscriber of its topic has received it and the server has answered its POST; then its publisher
 *    sends the next. So W = 1 is one update at a time, and no server can look fast by falling behind. With --rate, updates
 *    are sent at their times instead, and latency counts from the time that an update was due.
 *  - The payload carries a marker with the update's number. Only markers are counted: comments, `retry:` and
 *    events that a server adds by itself are read and ignored, and so is HTTP's chunked framing. (A server that cut
 *    an event into two chunks amid its marker would not be understood, and fail as one that lost it.)
 *  - Update n goes to topic n modulo the number of topics, subscriber i is on topic i modulo it. Every subscriber must
 *    receive every update of its topic exactly once, and bystanders none. One too few (a stall), one too many, a closed
 *    connection or an answer other than 2xx ends the program with status 1 and a reason.
 *  - The servers' CPU time is user + system time of all threads of the given processes, as accounted by the
 *    kernel's scheduler in nanoseconds (the CPU-time clock of another process, clock_getcpuclockid(3)). It is read
 *    before the first measured update and, so that work put off is counted too, a moment after the last delivery.
 *  - Latency is the time from just before the POST is sent to the read that brings the marker, for each delivery. Its
 *    histogram has steps of 3 %.
 *  - `generator_cpu_share` is this program's own CPU time over the time measured. From 0.9 on it was itself the
 *    bottleneck and `generator_bound` is true: deliveries per second are then a lower limit of what the server can do.
 *    The servers' CPU time per delivery holds either way.
 */
#include "load.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct options options = {
    .topics = 1, .window = 1, .payload = 100, .minimum_updates = 5, .missed = 100, .poll_ms = 1000, .opening_at_once = 128,
    .stall_ms = 10000, .seconds = 3, .warm_up = 1, .subscribe = "/events/stream?match={topics}", .and = "&match=", .topic = "bench",
    .subscribed = "{topic}", .other = "other-{group}", .publish = "/events/stream", .body = "topic={topic}&data={data}",
    .data = "{marker}{pad}", .content_type = "application/x-www-form-urlencoded", .subscribe_fields = "", .publish_fields = "",
};

static uint32_t publish_port;

struct setting {
  const char *name;
  enum { COUNT, NUMBER, TEXT, SWITCH } kind;
  void *value;
  double least, most;
};

static uint32_t port;
static const struct setting settings[] = {
    {"port", COUNT, &port, 1, 65535},
    {"publish-port", COUNT, &publish_port, 1, 65535},
    {"subscribers", COUNT, &options.subscribers, 0, 1000000},
    {"topics", COUNT, &options.topics, 1, 1000000},
    {"bystanders", COUNT, &options.bystanders, 0, 1000000},
    {"bystander-topics", COUNT, &options.bystander_topics, 1, 1000000},
    {"window", COUNT, &options.window, 1, 1024},
    {"payload", COUNT, &options.payload, TOKEN_LENGTH, 8192},
    {"min-updates", COUNT, &options.minimum_updates, 1, 1000000},
    {"missed", COUNT, &options.missed, 1, 100000},
    {"poll-ms", COUNT, &options.poll_ms, 1, 3600000},
    /* By default below the accept queue of every server compared (511 on Node): one that overflows costs a second. */
    {"opening-at-once", COUNT, &options.opening_at_once, 1, 100000},
    {"stall-ms", COUNT, &options.stall_ms, 1, 3600000},
    {"rate", NUMBER, &options.rate, 0, 1000000},
    {"seconds", NUMBER, &options.seconds, 0, 600},
    {"warm-up", NUMBER, &options.warm_up, 0, 600},
    {"subscribe", TEXT, &options.subscribe, 0, 0},
    {"and", TEXT, &options.and, 0, 0},
    {"topic", TEXT, &options.topic, 0, 0},
    {"subscribed", TEXT, &options.subscribed, 0, 0},
    {"other", TEXT, &options.other, 0, 0},
    {"publish", TEXT, &options.publish, 0, 0},
    {"body", TEXT, &options.body, 0, 0},
    {"data", TEXT, &options.data, 0, 0},
    {"content-type", TEXT, &options.content_type, 0, 0},
    {"subscribe-fields", TEXT, &options.subscribe_fields, 0, 0},
    {"publish-fields", TEXT, &options.publish_fields, 0, 0},
    {"tokens", TEXT, &options.tokens, 0, 0},
    {"socket-io", SWITCH, &options.socket_io, 0, 0},
    {"gzip", SWITCH, &options.gzip, 0, 0},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static double parse_number_option(const char *name, const char *text, double least, double most) {
  char *end;
  double value = strtod(text, &end);
  if (*end != '\0' || end == text || !(value >= least && value <= most)) {
    fail("--%s must be a number from %.0f to %.0f, not \"%s\"", name, least, most, text);
  }
  return value;
}

static void parse_pids(char *list) {
  for (char *text = strtok(list, ","); text; text = strtok(NULL, ",")) {
    add_server_pid((pid_t)parse_number_option("pids", text, 1, INT32_MAX));
  }
}

static enum mode parse_mode(const char *text) {
  static const char *const names[] = {[MEASURE] = "load", [HOLD] = "hold", [HERD] = "herd", [POLL] = "poll"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (!strcmp(text, names[i])) return (enum mode)i;
  }
  fail("there is no mode \"%s\"", text);
}

static void set(const struct setting *setting, const char *text) {
  switch (setting->kind) {
    case COUNT: *(uint32_t *)setting->value = (uint32_t)parse_number_option(setting->name, text, setting->least, setting->most); break;
    case NUMBER: *(double *)setting->value = parse_number_option(setting->name, text, setting->least, setting->most); break;
    case TEXT: *(const char **)setting->value = text; break;
    case SWITCH: *(bool *)setting->value = true; break;
  }
}

static void parse_options(int count, char **arguments) {
  struct option accepted[SETTINGS + 3] = {{0}};
  for (int i = 0; i < SETTINGS; i++) {
    int argument = settings[i].kind == SWITCH ? no_argument : required_argument;
    accepted[i] = (struct option){settings[i].name, argument, NULL, i + 1};
  }
  accepted[SETTINGS] = (struct option){"pids", required_argument, NULL, SETTINGS + 1};
  accepted[SETTINGS + 1] = (struct option){"mode", required_argument, NULL, SETTINGS + 2};
  for (int found; (found = getopt_long(count, arguments, "", accepted, NULL)) != -1;) {
    if (found == '?') exit(2);
    if (found == SETTINGS + 1) parse_pids(optarg);
    else if (found == SETTINGS + 2) options.mode = parse_mode(optarg);
    else set(&settings[found - 1], optarg);
  }
  if (!port) fail("--port is needed");
  options.port = (uint16_t)port;
  options.publish_port = (uint16_t)(publish_port ? publish_port : port);
  if (options.bystanders && !options.bystander_topics) fail("bystanders need --bystander-topics");
  if (options.mode == POLL && !options.rate) fail("polling needs a --rate of updates");
  if (options.mode == HERD && options.topics != 1) fail("the herd is on one topic");
}

static void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) fail_errno("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0) fail_errno("setrlimit");
  rlim_t needed = options.subscribers + options.bystanders + options.window + 16;
  if (limit.rlim_max < needed) {
    fail("%llu open files are needed and %llu are allowed: raise the hard limit (ulimit -Hn)", (unsigned long long)needed,
         (unsigned long long)limit.rlim_max);
  }
}

int main(int count, char **arguments) {
  parse_options(count, arguments);
  raise_descriptor_limit();
  open_loop();
  prepare_publishers();
  if (options.mode == POLL) {
    poll_in_turn();
    return 0;
  }
  prepare_subscribers();
  if (options.mode == HERD) {
    herd();
    return 0;
  }
  uint64_t start = now_ns();
  open_subscribers(connection_count);
  double opening_seconds = (double)(now_ns() - start) / NS_PER_S;
  if (options.mode == HOLD) hold(opening_seconds);
  else measure(opening_seconds);
  return 0;
}
