// fails others: a client that is gone ends the program
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *folder;

static int send_all(int client, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t sent = send(client, bytes, length, 0);
        if (sent < 0) return -1;
        bytes += sent;
        length -= sent;
    }
    return 0;
}

static int answer(int client, const char *status, const char *body, size_t length) {
    char head[200];
    int n = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n",
                     status, length);
    return send_all(client, head, n) || send_all(client, body, length);
}

static int leads_up(const char *name) {
    size_t n = strlen(name);
    return strstr(name, "/../") || (n > 2 && !strcmp(name + n - 3, "/.."));
}

static int give(int client, const char *name) {
    char path[9000];
    struct stat about;
    snprintf(path, sizeof path, "%s%s", folder, name);
    int file = leads_up(name) ? -1 : open(path, O_RDONLY);
    if (file < 0 || fstat(file, &about) || !S_ISREG(about.st_mode)) {
        if (file >= 0) close(file);
        return answer(client, "404 Not Found", "", 0);
    }
    char *body = malloc(about.st_size + 1);
    ssize_t n, size = 0;
    while ((n = read(file, body + size, about.st_size - size)) > 0) size += n;
    close(file);
    int failed = answer(client, "200 OK", body, size);
    free(body);
    return failed;
}

static int closes(char *head) {
    for (char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, "connection:", 11)) continue;
        char value[20] = "";
        sscanf(line + 13, " %19[a-zA-Z-]", value);
        if (!strcasecmp(value, "close")) return 1;
    }
    return 0;
}

static void *serve(void *arg) {
    int client = (int)(long)arg;
    char buffer[16385];
    size_t kept = 0;
    for (;;) {
        char *end;
        buffer[kept] = 0;
        while (!(end = strstr(buffer, "\r\n\r\n"))) {
            if (kept == sizeof buffer - 1) goto done;
            ssize_t n = recv(client, buffer + kept, sizeof buffer - 1 - kept, 0);
            if (n <= 0) goto done;
            kept += n;
            buffer[kept] = 0;
        }
        size_t used = end + 4 - buffer;
        char head[16385], name[8300];
        memcpy(head, buffer, used);
        head[used] = 0;
        memmove(buffer, buffer + used, kept - used);
        kept -= used;
        if (strncmp(head, "GET /", 5) || sscanf(head + 4, "%8299s", name) != 1) {
            answer(client, "400 Bad Request", "", 0);
            break;
        }
        if (give(client, name) || closes(head)) break;
    }
done:
    close(client);
    return NULL;
}

int main(int argc, char **argv) {
    int on = 1, port, listener = socket(AF_INET, SOCK_STREAM, 0);
    char host[64];
    struct sockaddr_in at = {.sin_family = AF_INET};
    folder = argv[argc - 2];
    if (sscanf(argv[argc - 1], "%63[^:]:%d", host, &port) != 2) return 1;
    inet_pton(AF_INET, host, &at.sin_addr);
    at.sin_port = htons(port);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 128)) {
        perror("listen");
        return 1;
    }
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0) continue;
        pthread_t thread;
        pthread_create(&thread, NULL, serve, (void *)(long)client);
        pthread_detach(thread);
    }
}
