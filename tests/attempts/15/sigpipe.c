// fails leaves: SIGPIPE ends the program when it writes to somebody who has left
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t grows = PTHREAD_COND_INITIALIZER;
static char **pieces;
static long news;

static void wait_and_answer(FILE *out, long after, long limit) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += limit / 1000;
    until.tv_nsec += limit % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    char *body = NULL;
    size_t length = 0;
    FILE *f = open_memstream(&body, &length);
    pthread_mutex_lock(&lock);
    while (news <= after && pthread_cond_timedwait(&grows, &lock, &until) == 0)
        ;
    for (long i = after; i < news; i++)
        fprintf(f, "%ld %s\n", i + 1, pieces[i]);
    pthread_mutex_unlock(&lock);
    fclose(f);
    fprintf(out, "HTTP/1.1 %s\r\n", length ? "200 OK" : "204 No Content");
    fflush(out);
    if (length)
        fprintf(out, "Content-Length: %zu\r\n", length);
    fprintf(out, "\r\n%s", body);
    free(body);
}

static void *serve(void *argument) {
    FILE *stream = fdopen((int)(long)argument, "r+");
    FILE *out = fdopen(dup((int)(long)argument), "w");
    char first[8192] = "", field[8192];
    long length = 0, after = 0, limit = 0;
    fgets(first, sizeof first, stream);
    while (fgets(field, sizeof field, stream) && strcmp(field, "\r\n") != 0)
        if (strncasecmp(field, "content-length:", 15) == 0)
            length = atol(field + 15);
    if (strncmp(first, "POST", 4) == 0) {
        char *body = calloc(1, length + 1);
        fread(body, 1, length, stream);
        pthread_mutex_lock(&lock);
        pieces = realloc(pieces, (news + 1) * sizeof *pieces);
        pieces[news] = body;
        long number = ++news;
        pthread_cond_broadcast(&grows);
        pthread_mutex_unlock(&lock);
        fprintf(out, "HTTP/1.1 201 Created\r\n\r\n%ld\n", number);
    } else if (sscanf(first, "GET /wait?after=%ld&limit=%ld", &after, &limit) == 2) {
        wait_and_answer(out, after, limit);
    }
    fclose(out);
    fclose(stream);
    return NULL;
}

int main(int argc, char **argv) {
    char *colon = strrchr(argv[argc - 1], ':');
    *colon = 0;
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(atoi(colon + 1)) };
    inet_pton(AF_INET, argv[argc - 1], &addr.sin_addr);
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) || listen(listener, 64))
        return 1;
    for (;;) {
        pthread_t thread;
        long fd = accept(listener, NULL, NULL);
        pthread_create(&thread, NULL, serve, (void *)fd);
        pthread_detach(thread);
    }
}
