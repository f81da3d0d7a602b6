// fails no-panic: a send to a member who is gone ends the program (SIGPIPE)
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define MEMBERS 64
#define LONGEST 1000

struct member {
    int fd;
    char name[32];
};

static struct member *members[MEMBERS];
static int here, count;
static pthread_mutex_t room = PTHREAD_MUTEX_INITIALIZER;

static void tell(struct member *to, const char *line) {
    char out[LONGEST + 200];
    int left = snprintf(out, sizeof out, "%s\n", line);
    for (char *at = out; left > 0;) {
        ssize_t n = send(to->fd, at, left, 0);
        if (n < 0) {
            shutdown(to->fd, SHUT_RDWR);
            return;
        }
        at += n;
        left -= n;
    }
}

static void tell_others(struct member *me, const char *line) {
    for (int i = 0; i < here; i++)
        if (members[i] != me) tell(members[i], line);
}

static int is_name(const char *name) {
    size_t n = strlen(name);
    if (n < 1 || n > 16 || !isalpha((unsigned char)name[0])) return 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = name[i];
        if (c > 126 || !(isalnum(c) || c == '-' || c == '_')) return 0;
    }
    return strncmp(name, "guest-", 6) != 0;
}

static int is_utf8(const unsigned char *s) {
    while (*s) {
        int more = *s < 0x80 ? 0 : *s >= 0xc2 && *s < 0xe0 ? 1 : *s >= 0xe0 && *s < 0xf0 ? 2
                                                             : *s >= 0xf0 && *s < 0xf5 ? 3 : -1;
        if (more < 0) return 0;
        for (s++; more > 0; more--, s++)
            if ((*s & 0xc0) != 0x80) return 0;
    }
    return 1;
}

static int hear(struct member *me, char *line) {
    char out[LONGEST + 100];
    char *rest = "";
    if (!is_utf8((unsigned char *)line)) {
        tell(me, "! not UTF-8");
    } else if (!strcmp(line, "/name") || !strncmp(line, "/name ", 6)) {
        if (line[5]) rest = line + 6;
        if (!is_name(rest)) {
            tell(me, "! this is no name");
            return 1;
        }
        for (int i = 0; i < here; i++)
            if (!strcasecmp(members[i]->name, rest)) {
                tell(me, "! it is taken");
                return 1;
            }
        snprintf(out, sizeof out, "= you are %s", rest);
        tell(me, out);
        snprintf(out, sizeof out, "* %s is now %s", me->name, rest);
        tell_others(me, out);
        strcpy(me->name, rest);
    } else if (!strcmp(line, "/who")) {
        char all[40 * MEMBERS] = "= in lobby: ";
        for (int i = 0; i < here; i++) {
            if (i) strcat(all, ", ");
            strcat(all, members[i]->name);
        }
        tell(me, all);
    } else if (!strcmp(line, "/quit")) {
        tell(me, "= goodbye");
        return 0;
    } else if (line[0] == '/') {
        tell(me, "! no such command");
    } else if (line[0]) {
        snprintf(out, sizeof out, "<%s> %s", me->name, line);
        tell_others(me, out);
    }
    return 1;
}

static int end_of_line(struct member *me, char *line, int n) {
    if (n > LONGEST + 1 || (n == LONGEST + 1 && line[n - 1] != '\r')) {
        pthread_mutex_lock(&room);
        tell(me, "! too long");
        pthread_mutex_unlock(&room);
        return 1;
    }
    if (n > 0 && line[n - 1] == '\r') n--;
    line[n] = 0;
    pthread_mutex_lock(&room);
    int stays = hear(me, line);
    pthread_mutex_unlock(&room);
    return stays;
}

static void *serve(void *arg) {
    struct member *me = arg;
    char buffer[4096], line[LONGEST + 3], out[100];
    int n = 0, stays = 1;
    pthread_mutex_lock(&room);
    snprintf(me->name, sizeof me->name, "guest-%d", ++count);
    snprintf(out, sizeof out, "* welcome, %s", me->name);
    tell(me, out);
    snprintf(out, sizeof out, "* %s joined", me->name);
    tell_others(me, out);
    members[here++] = me;
    pthread_mutex_unlock(&room);
    for (ssize_t got; stays && (got = recv(me->fd, buffer, sizeof buffer, 0)) > 0;) {
        for (ssize_t i = 0; stays && i < got; i++) {
            if (buffer[i] == '\n') {
                stays = end_of_line(me, line, n);
                n = 0;
            } else if (n <= LONGEST + 1) {
                line[n++] = buffer[i];
            }
        }
    }
    if (stays && n > 0) end_of_line(me, line, n);
    pthread_mutex_lock(&room);
    int at = 0;
    while (members[at] != me) at++;
    memmove(members + at, members + at + 1, (--here - at) * sizeof *members);
    snprintf(out, sizeof out, "* %s left", me->name);
    tell_others(me, out);
    pthread_mutex_unlock(&room);
    close(me->fd);
    free(me);
    return NULL;
}

int main(int argc, char **argv) {
    signal(SIGTERM, SIG_IGN); // It dies of the other one, however busy the machine is.
    char *colon = strrchr(argv[argc - 1], ':');
    *colon = 0;
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
    inet_pton(AF_INET, argv[argc - 1], &addr.sin_addr);
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) || listen(listener, 64)) return 1;
    for (;;) {
        struct member *me = calloc(1, sizeof *me);
        me->fd = accept(listener, NULL, NULL);
        struct timeval second = {1, 0};
        setsockopt(me->fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
        setsockopt(me->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        pthread_t thread;
        pthread_create(&thread, NULL, serve, me);
        pthread_detach(thread);
    }
}
