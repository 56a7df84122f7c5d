/* Gives a container its own loopback address, as a network namespace would.
 *
 * Preloaded into every process of a task. TASK_IP is the task's address.
 *   bind 0.0.0.0:p or [::]:p   -> TASK_IP:p, so that servers written for a container run side by side unmodified;
 *   bind [::]:p for IPv6 only  -> nowhere in particular: the server binds 0.0.0.0:p beside it, and tasks have no IPv6;
 *   bind 127.0.0.1:p           -> the task's private loopback, TASK_IP with 127.79 in front;
 *   connect 127.0.0.1:p, [::1]:p -> whichever of the two listens on p; otherwise the machine's own loopback, where the
 *                                 AWS endpoint is.
 * Port 0 stays as it is: nobody is waiting for it at a known address, and datagram clients must reach the world.
 * Programs that make system calls without the C library (Go, static ones) are out of reach.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef int (*call_t)(int, const struct sockaddr *, socklen_t);

static call_t real_bind, real_connect;
static struct in_addr task, task_loopback;
static int active;

__attribute__((constructor)) static void set_up(void) {
    const char *text = getenv("WAKEPROXY_TASK_IP");
    real_bind = (call_t)dlsym(RTLD_NEXT, "bind");
    real_connect = (call_t)dlsym(RTLD_NEXT, "connect");
    active = text && inet_pton(AF_INET, text, &task) == 1;
    task_loopback.s_addr = htonl((ntohl(task.s_addr) & 0xff00ffffu) | (79u << 16));
}

/* Whether somebody listens on an address: a socket that may reuse everything but a listener cannot be bound there. */
static int is_taken(struct in_addr ip, in_port_t port) {
    struct sockaddr_in probe = {.sin_family = AF_INET, .sin_port = port, .sin_addr = ip};
    int saved = errno, one = 1, taken = 0, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        taken = real_bind(fd, (struct sockaddr *)&probe, sizeof probe) != 0 && errno == EADDRINUSE;
        close(fd);
    }
    errno = saved;
    return taken;
}

static int is_stream(int fd) {
    int kind = 0;
    socklen_t size = sizeof kind;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &size) == 0 && kind == SOCK_STREAM;
}

/* The IPv4 address and port in either family's address; 0 if there is none. */
static int read_address(const struct sockaddr *address, socklen_t size, struct in_addr *ip, in_port_t *port) {
    if (address->sa_family == AF_INET && size >= (socklen_t)sizeof(struct sockaddr_in)) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)address;
        *ip = four->sin_addr, *port = four->sin_port;
        return 1;
    }
    if (address->sa_family == AF_INET6 && size >= (socklen_t)sizeof(struct sockaddr_in6)) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
        *port = six->sin6_port;
        if (IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr)) ip->s_addr = htonl(INADDR_ANY);
        else if (IN6_IS_ADDR_LOOPBACK(&six->sin6_addr)) ip->s_addr = htonl(INADDR_LOOPBACK);
        else if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) memcpy(&ip->s_addr, &six->sin6_addr.s6_addr[12], 4);
        else return 0;
        return 1;
    }
    return 0;
}

static int call_at(call_t call, int fd, sa_family_t family, struct in_addr ip, in_port_t port) {
    if (family == AF_INET) {
        struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = port, .sin_addr = ip};
        return call(fd, (struct sockaddr *)&four, sizeof four);
    }
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = port};
    int off = 0;
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off); /* a mapped address needs a dual-stack socket */
    six.sin6_addr.s6_addr[10] = six.sin6_addr.s6_addr[11] = 0xff;
    memcpy(&six.sin6_addr.s6_addr[12], &ip.s_addr, 4);
    return call(fd, (struct sockaddr *)&six, sizeof six);
}

static int is_for_six_only(int fd, const struct sockaddr *address) {
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
    int only = 0;
    socklen_t size = sizeof only;
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr) &&
           getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &size) == 0 && only;
}

static int bind_nowhere(int fd) {
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    return real_bind(fd, (struct sockaddr *)&six, sizeof six);
}

int bind(int fd, const struct sockaddr *address, socklen_t size) {
    struct in_addr ip;
    in_port_t port;
    if (active && read_address(address, size, &ip, &port) && port != 0) {
        if (is_for_six_only(fd, address)) return bind_nowhere(fd);
        if (ip.s_addr == htonl(INADDR_ANY)) return call_at(real_bind, fd, address->sa_family, task, port);
        if (ip.s_addr == htonl(INADDR_LOOPBACK))
            return call_at(real_bind, fd, address->sa_family, task_loopback, port);
    }
    return real_bind(fd, address, size);
}

int connect(int fd, const struct sockaddr *address, socklen_t size) {
    struct in_addr ip;
    in_port_t port;
    if (active && read_address(address, size, &ip, &port) && ip.s_addr == htonl(INADDR_LOOPBACK) && is_stream(fd)) {
        if (is_taken(task_loopback, port)) return call_at(real_connect, fd, address->sa_family, task_loopback, port);
        if (is_taken(task, port)) return call_at(real_connect, fd, address->sa_family, task, port);
    }
    return real_connect(fd, address, size);
}
