/*
 * The load generator: opens N subscribers on one server, publishes to it in a closed loop and measures.
 *
 *   load --port P --subscribers N [--window W] [--seconds S] [--pids PID,PID]     one measurement, one line of JSON
 *   load --port P --subscribers N --hold                                         opens them, then holds them until
 *                                                                                its standard input ends
 *
 * Method.
 *  - W publishers, each on a keep-alive connection of its own, each with one update in flight. An update is in
 *    flight until every subscriber has received it and the server has answered its POST; then its publisher sends the next.
 *    So W = 1 is one update at a time, and no server can look fast by falling behind.
 *  - The payload begins with a marker and the update's number. Only markers are counted: comments, `retry:` and
 *    events that a server adds by itself are read and ignored, and so is HTTP's chunked framing. (A server that cut
 *    an event into two chunks amid its marker would not be understood, and fail as one that lost it.)
 *  - Every subscriber must receive every update exactly once. One too few (a stall), one too many, a closed
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
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Letters, digits, dots and a hyphen only, so that no form, JSON or event-stream encoding changes it. */
#define MARKER "artesian-bench."
enum {
  MARKER_LENGTH = sizeof MARKER - 1,
  DIGITS = 10,
  TOKEN_LENGTH = MARKER_LENGTH + DIGITS + 1, /* marker, number, dot */
  READ_SIZE = 256 * 1024,
  HEAD_MAX = 8 * 1024,
  EVENTS_AT_ONCE = 1024,
  /* Below the accept queue of every server compared (511 on Node): one that overflows costs a second. */
  OPENING_AT_ONCE = 128,
  STALL_MS = 10000,
  QUIET_MS = 300,
  PIDS_MAX = 16,
};

#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull

struct subscriber {
  int fd;
  bool open; /* the response's head was read */
  uint32_t received;
  uint8_t carried;         /* bytes of a marker that may have been cut by a read */
  char carry[TOKEN_LENGTH];
  char *head;              /* while !open */
  size_t head_length;
};

struct publisher {
  int fd; /* -1: the server closed it while it was idle, as it may */
  bool waiting; /* for the answer to its POST */
  uint32_t update;
  size_t length;
  char answer[HEAD_MAX + 1];
};

struct update {
  uint64_t sent_at;
  uint32_t publisher;
  uint32_t received;
  bool answered;
};

/* Options. */
static uint16_t port;
static uint32_t subscriber_count, window = 1, payload_size = 100, minimum_updates = 5;
static double measure_seconds = 3, warm_up_seconds = 1;
static const char *subscribe_path = "/events/stream?match=bench";
static const char *publish_path = "/events/stream";
static pid_t pids[PIDS_MAX];
static size_t pid_count;

/* State. */
static int epoll;
static struct subscriber *subscribers;
static struct publisher *publishers;
static uint32_t *idle; /* indexes of publishers with nothing in flight */
static uint32_t idle_count;
static struct update *updates;
static uint32_t update_count, update_capacity, completed_count;
static uint32_t first_measured = UINT32_MAX;
static uint32_t open_count;
static uint64_t bytes_read, deliveries, last_progress;
static char *request;
static size_t request_length, request_number_at;

static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("load: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

static void fail_errno(const char *what) { fail("%s: %s", what, strerror(errno)); }

static void *allocate(size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (!memory) fail("out of memory");
  return memory;
}

static uint64_t clock_ns(clockid_t clock) {
  struct timespec time;
  if (clock_gettime(clock, &time) < 0) fail_errno("clock_gettime");
  return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

static uint64_t now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

static uint64_t server_cpu_ns(void) {
  uint64_t total = 0;
  for (size_t i = 0; i < pid_count; i++) {
    clockid_t clock;
    int error = clock_getcpuclockid(pids[i], &clock);
    if (error) fail("CPU time of process %d: %s", (int)pids[i], strerror(error));
    total += clock_ns(clock);
  }
  return total;
}

/* Latency histogram: 32 steps to each doubling. */
enum { STEP_BITS = 5, STEPS = 1 << STEP_BITS, BUCKETS = 64 * STEPS };
static uint64_t histogram[BUCKETS];
static uint64_t latency_max;

static void record_latency(uint64_t ns) {
  if (ns > latency_max) latency_max = ns;
  int exponent = ns < STEPS ? 0 : 63 - __builtin_clzll(ns) - STEP_BITS;
  histogram[((size_t)exponent << STEP_BITS) + (ns >> exponent)]++;
}

static double latency_ms(double quantile) {
  uint64_t rank = (uint64_t)(quantile * (double)deliveries), seen = 0;
  for (size_t i = 0; i < BUCKETS; i++) {
    seen += histogram[i];
    if (seen <= rank) continue;
    /* Exponent e holds STEPS <= ns >> e < 2 * STEPS, so its buckets begin at (e + 1) * STEPS; exponent 0 also holds less. */
    size_t exponent = i < 2 * STEPS ? 0 : (i >> STEP_BITS) - 1;
    uint64_t step = i - (exponent << STEP_BITS);
    return (double)((step + 1) << exponent) / NS_PER_MS;
  }
  return (double)latency_max / NS_PER_MS;
}

/* A connection's place in the epoll set: the index of a subscriber, or of a publisher with this bit, or standard input. */
#define PUBLISHER_BIT (1ull << 32)
#define STDIN_KEY UINT64_MAX

static int open_connection(uint64_t key) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail_errno("socket");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) fail_errno("connect");
  int on = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0) fail_errno("setsockopt");
  if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) fail_errno("fcntl");
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = key};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) fail_errno("epoll_ctl");
  return fd;
}

/* These requests are small and the socket is empty, so that a partial write means that something is wrong. */
static void send_request(int fd, const char *bytes, size_t length) {
  ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
  if (sent < 0) fail_errno("send");
  if ((size_t)sent != length) fail("a request was sent in part only");
}

static void open_subscriber(uint32_t index) {
  char line[1024];
  int length = snprintf(line, sizeof line, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAccept: text/event-stream\r\n\r\n",
                        subscribe_path, port);
  if (length < 0 || (size_t)length >= sizeof line) fail("the subscribe path is too long");
  subscribers[index].fd = open_connection(index);
  subscribers[index].head = allocate(HEAD_MAX + 1, 1);
  send_request(subscribers[index].fd, line, (size_t)length);
}

static void prepare_publish_request(void) {
  size_t body_length = strlen("topic=bench&data=") + payload_size;
  request = allocate(1024 + strlen(publish_path) + body_length, 1);
  int head = sprintf(request,
                     "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                     "Content-Length: %zu\r\n\r\ntopic=bench&data=",
                     publish_path, port, body_length);
  memset(request + head, 'x', payload_size);
  memcpy(request + head, MARKER, MARKER_LENGTH);
  request_number_at = (size_t)head + MARKER_LENGTH;
  request[request_number_at + DIGITS] = '.';
  request_length = (size_t)head + payload_size;
}

static void publish(void) {
  if (update_count == update_capacity) {
    update_capacity = update_capacity ? update_capacity * 2 : 4096;
    updates = realloc(updates, update_capacity * sizeof *updates);
    if (!updates) fail("out of memory");
  }
  uint32_t number = update_count++;
  struct publisher *publisher = &publishers[idle[--idle_count]];
  char digits[DIGITS + 1];
  snprintf(digits, sizeof digits, "%0*u", DIGITS, number);
  memcpy(request + request_number_at, digits, DIGITS);
  publisher->update = number;
  publisher->waiting = true;
  publisher->length = 0;
  if (publisher->fd < 0) publisher->fd = open_connection(PUBLISHER_BIT | (uint64_t)(publisher - publishers));
  updates[number] = (struct update){.sent_at = now_ns(), .publisher = (uint32_t)(publisher - publishers)};
  send_request(publisher->fd, request, request_length);
}

static void complete_if_done(struct update *update) {
  if (update->received != subscriber_count || !update->answered) return;
  completed_count++;
  idle[idle_count++] = update->publisher;
}

static void receive_update(struct subscriber *subscriber, uint32_t number, uint64_t at) {
  if (number >= update_count) fail("a subscriber received update %u, which was never published", number);
  struct update *update = &updates[number];
  last_progress = at;
  update->received++;
  subscriber->received++;
  if (update->received > subscriber_count || subscriber->received > update_count) {
    fail("update %u was delivered more than once to a subscriber", number);
  }
  if (number >= first_measured) {
    deliveries++;
    record_latency(at - update->sent_at);
  }
  complete_if_done(update);
}

static uint32_t parse_number(const char *digits) {
  uint64_t number = 0;
  for (int i = 0; i < DIGITS; i++) {
    if (digits[i] < '0' || digits[i] > '9') fail("a marker came back changed: %.*s", DIGITS, digits);
    number = number * 10 + (uint64_t)(digits[i] - '0');
  }
  return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

/* The bytes before `bytes` must be writable for TOKEN_LENGTH: what the last read left over is put there. */
static void count_updates(struct subscriber *subscriber, char *bytes, size_t length, uint64_t at) {
  char *from = bytes - subscriber->carried, *end = bytes + length;
  memcpy(from, subscriber->carry, subscriber->carried);
  for (;;) {
    char *found = memmem(from, (size_t)(end - from), MARKER, MARKER_LENGTH);
    if (!found || end - found < TOKEN_LENGTH) break;
    receive_update(subscriber, parse_number(found + MARKER_LENGTH), at);
    from = found + TOKEN_LENGTH;
  }
  size_t left = (size_t)(end - from);
  subscriber->carried = (uint8_t)(left < TOKEN_LENGTH - 1 ? left : TOKEN_LENGTH - 1);
  memcpy(subscriber->carry, end - subscriber->carried, subscriber->carried);
}

static void read_head(struct subscriber *subscriber, char *bytes, size_t length, uint64_t at) {
  size_t room = HEAD_MAX - subscriber->head_length, taken = length < room ? length : room;
  memcpy(subscriber->head + subscriber->head_length, bytes, taken);
  size_t before = subscriber->head_length;
  subscriber->head_length += taken;
  char *end = strstr(subscriber->head, "\r\n\r\n");
  if (!end) {
    if (subscriber->head_length == HEAD_MAX) fail("the head of a response is longer than %d bytes", HEAD_MAX);
    return;
  }
  if (strncmp(subscriber->head, "HTTP/1.1 200", 12) != 0) fail("subscribing was refused:\n%s", subscriber->head);
  size_t used = (size_t)(end + 4 - subscriber->head) - before;
  free(subscriber->head);
  subscriber->head = NULL;
  subscriber->open = true;
  open_count++;
  last_progress = at;
  count_updates(subscriber, bytes + used, length - used, at);
}

static void read_subscriber(struct subscriber *subscriber) {
  static char buffer[TOKEN_LENGTH + READ_SIZE];
  char *bytes = buffer + TOKEN_LENGTH;
  ssize_t got = recv(subscriber->fd, bytes, READ_SIZE, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    fail("the server closed subscriber %u after %u of %u updates", (unsigned)(subscriber - subscribers),
         subscriber->received, update_count);
  }
  uint64_t at = now_ns();
  bytes_read += (uint64_t)got;
  if (subscriber->open) count_updates(subscriber, bytes, (size_t)got, at);
  else read_head(subscriber, bytes, (size_t)got, at);
}

/* Whether the publisher's answer is there in full. It is thrown away but for its status. */
static bool answer_is_complete(const struct publisher *publisher) {
  const char *answer = publisher->answer, *body = strstr(answer, "\r\n\r\n");
  if (!body) return false;
  body += 4;
  if (strncmp(answer, "HTTP/1.1 2", 10) != 0) fail("publishing was refused:\n%s", answer);
  if (strncmp(answer, "HTTP/1.1 204", 12) == 0) return true;
  size_t body_length = publisher->length - (size_t)(body - answer);
  const char *field = strcasestr(answer, "\r\nContent-Length:");
  if (field && field < body) return body_length >= strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
  field = strcasestr(answer, "\r\nTransfer-Encoding: chunked");
  if (!field || field >= body) fail("the answer to a POST has no length:\n%s", answer);
  return body_length >= 5 && memcmp(answer + publisher->length - 5, "0\r\n\r\n", 5) == 0;
}

static void read_publisher(struct publisher *publisher) {
  ssize_t got = recv(publisher->fd, publisher->answer + publisher->length, HEAD_MAX - publisher->length, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got == 0 && !publisher->waiting) {
    close(publisher->fd);
    publisher->fd = -1;
    return;
  }
  if (got <= 0) fail("the server closed a publisher's connection, or its answer is longer than %d bytes", HEAD_MAX);
  if (!publisher->waiting) fail("the server answered a POST that was not sent");
  publisher->length += (size_t)got;
  publisher->answer[publisher->length] = '\0';
  last_progress = now_ns();
  if (!answer_is_complete(publisher)) return;
  publisher->waiting = false;
  updates[publisher->update].answered = true;
  complete_if_done(&updates[publisher->update]);
}

/* Waits for input and reads it. False when nothing came in time, or when standard input ended. */
static bool step(int timeout_ms) {
  static struct epoll_event events[EVENTS_AT_ONCE];
  int ready = epoll_wait(epoll, events, EVENTS_AT_ONCE, timeout_ms);
  if (ready < 0 && errno != EINTR) fail_errno("epoll_wait");
  for (int i = 0; i < ready; i++) {
    uint64_t key = events[i].data.u64;
    if (key == STDIN_KEY) {
      char ignored[64];
      if (read(STDIN_FILENO, ignored, sizeof ignored) <= 0) return false;
    } else if (key & PUBLISHER_BIT) {
      read_publisher(&publishers[key & ~PUBLISHER_BIT]);
    } else {
      read_subscriber(&subscribers[key]);
    }
  }
  return ready != 0;
}

static void check_stall(const char *doing) {
  if (now_ns() - last_progress < STALL_MS * NS_PER_MS) return;
  uint32_t behind = 0;
  for (uint32_t i = 0; i < subscriber_count; i++) behind += subscribers[i].received < update_count;
  fail("no progress for %d s while %s: %u of %u subscribers open, %u of them have not received all %u updates, %u updates complete",
       STALL_MS / 1000, doing, open_count, subscriber_count, behind, update_count, completed_count);
}

static void open_subscribers(void) {
  uint32_t started = 0;
  last_progress = now_ns();
  while (open_count < subscriber_count) {
    while (started < subscriber_count && started - open_count < OPENING_AT_ONCE) open_subscriber(started++);
    step(1000);
    check_stall("opening the subscribers");
  }
}

static void open_publishers(void) {
  for (uint32_t i = 0; i < window; i++) {
    publishers[i].fd = open_connection(PUBLISHER_BIT | i);
    idle[idle_count++] = i;
  }
}

/* Reads for a while in which no update is in flight: whatever is counted now is a repeat, and fails. */
static void stay_quiet(uint64_t duration_ms) {
  uint64_t end = now_ns() + duration_ms * NS_PER_MS;
  for (uint64_t now = now_ns(); now < end; now = now_ns()) step((int)((end - now) / NS_PER_MS) + 1);
}

/* Publishes for a time and for a number of updates, whichever takes longer, then waits until all are complete. */
static void run_for(double seconds) {
  uint64_t end = now_ns() + (uint64_t)(seconds * (double)NS_PER_S);
  uint32_t least = update_count + minimum_updates;
  last_progress = now_ns();
  for (;;) {
    bool more = update_count < least || now_ns() < end;
    while (more && idle_count > 0) publish();
    if (!more && completed_count == update_count) return;
    step(1000);
    check_stall("publishing");
  }
}

static void check_totals(void) {
  for (uint32_t i = 0; i < subscriber_count; i++) {
    if (subscribers[i].received != update_count) {
      fail("subscriber %u received %u updates of %u", i, subscribers[i].received, update_count);
    }
  }
}

static void measure(double opening_seconds) {
  stay_quiet(QUIET_MS); /* what a server sends by itself on connect */
  open_publishers();
  run_for(warm_up_seconds);
  stay_quiet(QUIET_MS);

  first_measured = update_count;
  uint64_t bytes_before = bytes_read, server_before = server_cpu_ns();
  uint64_t own_before = clock_ns(CLOCK_PROCESS_CPUTIME_ID), start = now_ns();
  run_for(measure_seconds);
  double seconds = (double)(now_ns() - start) / NS_PER_S;
  double own = (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - own_before) / NS_PER_S;
  uint64_t bytes = bytes_read - bytes_before;
  stay_quiet(QUIET_MS);
  double server = (double)(server_cpu_ns() - server_before) / NS_PER_S;
  check_totals();

  double count = (double)deliveries;
  printf("{\"subscribers\":%u,\"window\":%u,\"payload_bytes\":%u,\"opening_seconds\":%.3f,\"updates\":%u,\"deliveries\":%llu,"
         "\"seconds\":%.4f,\"deliveries_per_second\":%.0f,\"server_cpu_us_per_delivery\":%.4f,\"server_cpu_share\":%.4f,"
         "\"generator_cpu_us_per_delivery\":%.4f,\"generator_cpu_share\":%.4f,\"generator_bound\":%s,"
         "\"bytes_per_delivery\":%.1f,\"latency_ms\":{\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}}\n",
         subscriber_count, window, payload_size, opening_seconds, update_count - first_measured,
         (unsigned long long)deliveries, seconds, count / seconds, server * 1e6 / count, server / seconds,
         own * 1e6 / count, own / seconds, own / seconds >= 0.9 ? "true" : "false", (double)bytes / count,
         latency_ms(0.5), latency_ms(0.99), (double)latency_max / NS_PER_MS);
}

static void hold(double opening_seconds) {
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = STDIN_KEY};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event) < 0) fail_errno("--hold needs a pipe or a terminal as standard input");
  printf("{\"holding\":%u,\"opening_seconds\":%.3f}\n", subscriber_count, opening_seconds);
  fflush(stdout);
  while (step(60000)) continue;
}

static double parse_option(const char *name, const char *text, double least, double most) {
  char *end;
  double value = strtod(text, &end);
  if (*end != '\0' || end == text || !(value >= least && value <= most)) {
    fail("--%s must be a number from %.0f to %.0f, not \"%s\"", name, least, most, text);
  }
  return value;
}

static void parse_pids(char *list) {
  for (char *text = strtok(list, ","); text; text = strtok(NULL, ",")) {
    if (pid_count == PIDS_MAX) fail("--pids takes at most %d", PIDS_MAX);
    pids[pid_count++] = (pid_t)parse_option("pids", text, 1, INT32_MAX);
  }
}

static bool parse_options(int count, char **arguments) {
  static const struct option options[] = {
      {"port", required_argument, NULL, 'p'},        {"subscribers", required_argument, NULL, 'n'},
      {"window", required_argument, NULL, 'w'},      {"seconds", required_argument, NULL, 's'},
      {"warm-up", required_argument, NULL, 'u'},     {"min-updates", required_argument, NULL, 'm'},
      {"payload", required_argument, NULL, 'b'},     {"pids", required_argument, NULL, 'k'},
      {"subscribe", required_argument, NULL, 'S'},   {"publish", required_argument, NULL, 'P'},
      {"hold", no_argument, NULL, 'h'},              {NULL, 0, NULL, 0},
  };
  bool holding = false;
  for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
    switch (option) {
      case 'p': port = (uint16_t)parse_option("port", optarg, 1, 65535); break;
      case 'n': subscriber_count = (uint32_t)parse_option("subscribers", optarg, 1, 1000000); break;
      case 'w': window = (uint32_t)parse_option("window", optarg, 1, 1024); break;
      case 's': measure_seconds = parse_option("seconds", optarg, 0, 600); break;
      case 'u': warm_up_seconds = parse_option("warm-up", optarg, 0, 600); break;
      case 'm': minimum_updates = (uint32_t)parse_option("min-updates", optarg, 1, 1000000); break;
      case 'b': payload_size = (uint32_t)parse_option("payload", optarg, TOKEN_LENGTH, 8192); break;
      case 'k': parse_pids(optarg); break;
      case 'S': subscribe_path = optarg; break;
      case 'P': publish_path = optarg; break;
      case 'h': holding = true; break;
      default: exit(2);
    }
  }
  if (!port || !subscriber_count) fail("--port and --subscribers are needed");
  return holding;
}

static void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) fail_errno("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0) fail_errno("setrlimit");
  rlim_t needed = subscriber_count + window + 16;
  if (limit.rlim_max < needed) {
    fail("%llu open files are needed and %llu are allowed: raise the hard limit (ulimit -Hn)", (unsigned long long)needed,
         (unsigned long long)limit.rlim_max);
  }
}

int main(int count, char **arguments) {
  bool holding = parse_options(count, arguments);
  raise_descriptor_limit();
  epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) fail_errno("epoll_create1");
  subscribers = allocate(subscriber_count, sizeof *subscribers);
  publishers = allocate(window, sizeof *publishers);
  idle = allocate(window, sizeof *idle);
  prepare_publish_request();

  uint64_t start = now_ns();
  open_subscribers();
  double opening_seconds = (double)(now_ns() - start) / NS_PER_S;
  if (holding) hold(opening_seconds);
  else measure(opening_seconds);
  return 0;
}
