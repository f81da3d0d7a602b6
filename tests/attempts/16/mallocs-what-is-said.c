// fails limit: makes room for what the head says, and waits for it
#include <arpa/inet.h>
#include <ctype.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT (1024 * 1024)

static uint32_t rol(uint32_t x, int n) { return x << n | x >> (32 - n); }

static void sha1(const char *text, unsigned char out[20]) {
    unsigned char data[128] = {0};
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    size_t n = strlen(text), blocks = n < 56 ? 1 : 2;
    memcpy(data, text, n);
    data[n] = 0x80;
    data[blocks * 64 - 2] = n * 8 >> 8;
    data[blocks * 64 - 1] = n * 8;
    for (size_t b = 0; b < blocks; b++) {
        uint32_t w[80], s[5];
        memcpy(s, h, sizeof s);
        for (int i = 0; i < 16; i++) {
            unsigned char *at = data + b * 64 + i * 4;
            w[i] = (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
        }
        for (int i = 16; i < 80; i++) w[i] = rol(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        for (int i = 0; i < 80; i++) {
            uint32_t f = i < 20   ? ((s[1] & s[2]) | (~s[1] & s[3])) + 0x5a827999
                         : i < 40 ? (s[1] ^ s[2] ^ s[3]) + 0x6ed9eba1
                         : i < 60 ? ((s[1] & s[2]) | (s[1] & s[3]) | (s[2] & s[3])) + 0x8f1bbcdc
                                  : (s[1] ^ s[2] ^ s[3]) + 0xca62c1d6;
            uint32_t next = rol(s[0], 5) + f + s[4] + w[i];
            s[4] = s[3], s[3] = s[2], s[2] = rol(s[1], 30), s[1] = s[0], s[0] = next;
        }
        for (int i = 0; i < 5; i++) h[i] += s[i];
    }
    for (int i = 0; i < 20; i++) out[i] = h[i / 4] >> (24 - i % 4 * 8);
}

static void base64(const unsigned char hash[20], char out[29]) {
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char in[21] = {0};
    memcpy(in, hash, 20);
    for (int i = 0; i < 28; i++) {
        const unsigned char *at = in + i / 4 * 3;
        out[i] = digits[(at[0] << 16 | at[1] << 8 | at[2]) >> (18 - i % 4 * 6) & 63];
    }
    strcpy(out + 27, "=");
}

static int send_all(int stream, const void *bytes, size_t length) {
    const char *at = bytes;
    while (length > 0) {
        ssize_t n = send(stream, at, length, MSG_NOSIGNAL);
        if (n < 0) return 0;
        at += n;
        length -= n;
    }
    return 1;
}

static int receive_all(int stream, void *bytes, size_t length) {
    char *at = bytes;
    while (length > 0) {
        ssize_t n = recv(stream, at, length, 0);
        if (n <= 0) return 0;
        at += n;
        length -= n;
    }
    return 1;
}

static int send_frame(int stream, int opcode, const void *payload, uint64_t length) {
    unsigned char head[10] = {0x80 | opcode};
    int more = length < 126 ? 0 : length < 65536 ? 2 : 8;
    head[1] = more == 0 ? length : more == 2 ? 126 : 127;
    for (int i = 0; i < more; i++) head[2 + i] = length >> (8 * (more - 1 - i));
    return send_all(stream, head, 2 + more) && send_all(stream, payload, length);
}

static void end_with(int stream, int code) {
    unsigned char payload[2] = {code >> 8, code};
    send_frame(stream, 8, payload, 2);
}

static int is_utf8(const unsigned char *s, size_t n) {
    size_t i = 0;
    while (i < n) {
        int more = s[i] < 0x80 ? 0 : s[i] >= 0xf0 ? 3 : s[i] >= 0xe0 ? 2 : s[i] >= 0xc2 ? 1 : -1;
        if (more < 0 || s[i] > 0xf4 || i + more >= n) return 0;
        for (int k = 1; k <= more; k++)
            if ((s[i + k] & 0xc0) != 0x80) return 0;
        /* Longer than needed, a surrogate, above U+10FFFF. */
        if ((s[i] == 0xe0 && s[i + 1] < 0xa0) || (s[i] == 0xf0 && s[i + 1] < 0x90)) return 0;
        if ((s[i] == 0xed && s[i + 1] > 0x9f) || (s[i] == 0xf4 && s[i + 1] > 0x8f)) return 0;
        i += more + 1;
    }
    return 1;
}

/* One line without its end, byte by byte: nothing behind the head is read. */
static int read_line(int stream, char *line, size_t most) {
    size_t n = 0;
    while (n < most - 1) {
        if (!receive_all(stream, line + n, 1)) return 0;
        if (line[n] == '\n') break;
        n++;
    }
    while (n > 0 && isspace((unsigned char)line[n - 1])) n--;
    line[n] = 0;
    return 1;
}

static int handshake(int stream) {
    char line[4096], key[256] = "", answer[512], accept[29];
    int upgrade = 0, connection = 0;
    unsigned char hash[20];
    for (;;) {
        if (!read_line(stream, line, sizeof line)) return 0;
        if (!line[0]) break;
        char *value = strchr(line, ':');
        if (!value) continue;
        *value++ = 0;
        while (*value == ' ') value++;
        if (!strcasecmp(line, "Upgrade")) upgrade = !strcasecmp(value, "websocket");
        if (!strcasecmp(line, "Sec-WebSocket-Key")) snprintf(key, 64, "%s", value);
        if (!strcasecmp(line, "Connection"))
            for (char *word = strtok(value, ", "); word; word = strtok(0, ", "))
                connection |= !strcasecmp(word, "upgrade");
    }
    if (!upgrade || !connection || !key[0]) {
        const char *no = "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n";
        send_all(stream, no, strlen(no));
        return 0;
    }
    strcat(key, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    sha1(key, hash);
    base64(hash, accept);
    snprintf(answer, sizeof answer,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
    return send_all(stream, answer, strlen(answer));
}

static void talk(int stream, unsigned char *message) {
    unsigned char head[2], more[8], mask[4], control[125];
    int kind = 0;
    uint64_t kept = 0;
    while (receive_all(stream, head, 2)) {
        int fin = head[0] & 0x80, opcode = head[0] & 15;
        uint64_t length = head[1] & 127;
        if (length >= 126) {
            int n = length == 126 ? 2 : 8;
            if (!receive_all(stream, more, n)) return;
            length = 0;
            for (int i = 0; i < n; i++) length = length << 8 | more[i];
        }
        if (!(head[1] & 0x80) || head[0] & 0x70) return end_with(stream, 1002);
        if (opcode & 8 && (length > 125 || !fin)) return end_with(stream, 1002);
        if (!(opcode & 8) && !(message = realloc(message, kept + length + 1))) return;
        unsigned char *payload = opcode & 8 ? control : message + kept;
        if (!receive_all(stream, mask, 4)) return;
        if (!receive_all(stream, payload, length)) return;
        for (uint64_t i = 0; i < length; i++) payload[i] ^= mask[i % 4];
        if (opcode == 8 && length != 1) {
            send_frame(stream, 8, payload, length);
            return;
        }
        if (opcode == 9) send_frame(stream, 10, payload, length);
        if (opcode == 9 || opcode == 10) continue;
        if (opcode > 2 || !opcode == !kind) return end_with(stream, 1002);
        if (opcode) kind = opcode;
        kept += length;
        if (!fin) continue;
        if (kind == 1 && !is_utf8(message, kept)) return end_with(stream, 1007);
        send_frame(stream, kind, message, kept);
        kind = 0;
        kept = 0;
    }
}

static void *serve(void *arg) {
    int stream = (int)(intptr_t)arg;
    unsigned char *message = malloc(LIMIT);
    if (message && handshake(stream)) talk(stream, message);
    close(stream);
    return 0;
}

int main(int argc, char **argv) {
    struct sockaddr_in at = {.sin_family = AF_INET};
    char host[64];
    int port, on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    if (sscanf(argv[argc - 1], "%63[^:]:%d", host, &port) != 2) return 1;
    inet_pton(AF_INET, host, &at.sin_addr);
    at.sin_port = htons(port);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 64)) {
        perror("bind");
        return 1;
    }
    for (;;) {
        pthread_t thread;
        int stream = accept(listener, 0, 0);
        if (stream < 0) continue;
        pthread_create(&thread, 0, serve, (void *)(intptr_t)stream);
        pthread_detach(thread);
    }
}
