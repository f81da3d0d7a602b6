// fails extremes: a zero byte ends the text
#include <arpa/inet.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

int listening(const char *addr) {
    struct sockaddr_in at = {.sin_family = AF_INET};
    char host[64];
    int port, on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    if (sscanf(addr, "%63[^:]:%d", host, &port) != 2) exit(1);
    inet_pton(AF_INET, host, &at.sin_addr);
    at.sin_port = htons(port);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 8)) {
        perror(addr);
        exit(1);
    }
    return listener;
}

int send_all(int stream, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t n = send(stream, bytes, length, MSG_NOSIGNAL);
        if (n < 0) return 0;
        bytes += n;
        length -= n;
    }
    return 1;
}

int receive_all(int stream, unsigned char *bytes, size_t length) {
    while (length > 0) {
        ssize_t n = recv(stream, bytes, length, 0);
        if (n <= 0) return 0;
        bytes += n;
        length -= n;
    }
    return 1;
}

/* The length of the text in capitals, or -1 if it is no text. */
long upper(char *text, size_t length, char *out) {
    mbstate_t in = {0}, to = {0};
    char *at = out;
    while (length > 0) {
        wchar_t c;
        size_t n = mbrtowc(&c, text, length, &in);
        if (n == (size_t)-1 || n == (size_t)-2) return -1;
        n = n ? n : 1;
        at += wcrtomb(at, towupper(c), &to);
        text += n;
        length -= n;
    }
    return at - out;
}

int main(int argc, char **argv) {
    static unsigned char head[2];
    static char text[65537], out[65536 * 4];
    setlocale(LC_ALL, "C.UTF-8");
    int listener = listening(argv[argc - 1]);
    for (;;) {
        int stream = accept(listener, 0, 0);
        while (receive_all(stream, head, 2)) {
            size_t length = head[0] << 8 | head[1];
            if (!receive_all(stream, (unsigned char *)text, length)) break;
            text[length] = 0;
            long n = upper(text, strlen(text), out);
            if (n < 0 || n > 65535) break;
            head[0] = n >> 8;
            head[1] = n & 255;
            if (!send_all(stream, (char *)head, 2)) break;
            if (!send_all(stream, out, n)) break;
        }
        close(stream);
    }
}
