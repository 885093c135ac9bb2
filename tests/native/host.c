/* What a host process keeps: its signals, its children, its descriptors, its threads. host FOLDER LIBRARY COPY */
#include "dmio-test.h"
#include <dlfcn.h>
#include <signal.h>
#include <sys/wait.h>

static _Atomic int host_signals;

static void on_signal(int number)
{
    (void)number;
    host_signals++;
}

static int children_result(int (*child)(void *), void *argument, int by_exit)
{
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20);
        int result = child(argument);
        if (by_exit)
            exit(result);
        _exit(result);
    }

    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int uses_the_library(void *folder)
{
    unsigned char *data = memory_of(4096, 1);
    struct io_region where = {device_of(folder, "child", 64), 0, 8};
    EQUAL(0, dm_io_get(4));
    EQUAL(0, dm_io_sync_vm(1, &where, DMIO_WRITE, data, NULL));
    EQUAL(0, dmio_device_close(where.bdev));
    EQUAL(0, dm_io_put(4));
    free(data);
    return failures;
}

/* The very first call, on a small stack. */
static void *on_small_stack(void *folder)
{
    uses_the_library(folder);
    return NULL;
}

static int starts_on_small_stack(void *folder)
{
    pthread_t thread;
    pthread_attr_t small;
    pthread_attr_init(&small);
    EQUAL(0, pthread_attr_setstacksize(&small, small_stack()));
    EQUAL(0, pthread_create(&thread, &small, on_small_stack, folder));
    pthread_join(thread, NULL);
    return failures;
}

struct parents {
    struct dmio_client *client, *polled;
    struct dmio_reactor *reactor;
    struct io_region where;
    unsigned char *data;
};

/* Every function, in a child. */
static int is_refused(void *of)
{
    struct parents *parent = of;
    struct dmio_request request = {.where = &parent->where, .num_regions = 1, .rw = DMIO_WRITE, .data = parent->data};
    struct dmio_result result;
    struct dmio_device_info info;
    struct dmio_statistics statistics;
    struct dmio_client *client;
    struct dmio_reactor *reactor;
    struct block_device *device;
    struct waiter waiter = WAITER;
    unsigned long bits;
    int before = failures;
    REFUSED(EOWNERDEAD, "forked", dm_io_get(1));
    REFUSED(EOWNERDEAD, "forked", dm_io_put(4));
    REFUSED(EOWNERDEAD, "forked", dm_io_sync(1, &parent->where, DMIO_WRITE, NULL, 0, &bits));
    REFUSED(EOWNERDEAD, "forked", dm_io_sync_bvec(1, &parent->where, DMIO_WRITE, NULL, &bits));
    REFUSED(EOWNERDEAD, "forked", dm_io_sync_vm(1, &parent->where, DMIO_WRITE, parent->data, &bits));
    EQUAL(0, bits);
    REFUSED(EOWNERDEAD, "forked", dm_io_async(1, &parent->where, DMIO_WRITE, NULL, 0, told, &waiter));
    REFUSED(EOWNERDEAD, "forked", dm_io_async_bvec(1, &parent->where, DMIO_WRITE, NULL, told, &waiter));
    REFUSED(EOWNERDEAD, "forked", dm_io_async_vm(1, &parent->where, DMIO_WRITE, parent->data, told, &waiter));
    REFUSED(EOWNERDEAD, "forked", dmio_client_open(NULL, 0, &client));
    struct page_list *list;
    REFUSED(EOWNERDEAD, "forked", dmio_pages_get(NULL, 1, &list));
    REFUSED(EOWNERDEAD, "forked", dmio_pages_put(NULL, NULL));
    REFUSED(EOWNERDEAD, "forked", dmio_result_text(NULL, NULL, 0));
    REFUSED(EOWNERDEAD, "forked", dmio_sync(parent->client, &request, &result));
    REFUSED(EOWNERDEAD, "forked", dmio_async(parent->client, &request, told_result, &waiter));
    REFUSED(EOWNERDEAD, "forked", dmio_poll(parent->polled, -1));
    REFUSED(EOWNERDEAD, "forked", dmio_client_fd(parent->polled));
    REFUSED(EOWNERDEAD, "forked", dmio_statistics(parent->client, &statistics, sizeof statistics));
    REFUSED(EOWNERDEAD, "forked", dmio_client_close(parent->client));
    REFUSED(EOWNERDEAD, "forked", dmio_device_open("/", 0, &device));
    REFUSED(EOWNERDEAD, "forked", dmio_device_info(parent->where.bdev, &info, sizeof info));
    REFUSED(EOWNERDEAD, "forked", dmio_device_refresh(parent->where.bdev));
    REFUSED(EOWNERDEAD, "forked", dmio_device_acknowledge_doubt(parent->where.bdev));
    REFUSED(EOWNERDEAD, "forked", dmio_device_close(parent->where.bdev));
    REFUSED(EOWNERDEAD, "forked", dmio_reactor_open(NULL, 0, &reactor));
    REFUSED(EOWNERDEAD, "forked", dmio_reactor_submit(parent->reactor, &request, told_result, &waiter));
    REFUSED(EOWNERDEAD, "forked", dmio_reactor_poll(parent->reactor, 1, -1));
    REFUSED(EOWNERDEAD, "forked", dmio_reactor_wake(parent->reactor));
    REFUSED(EOWNERDEAD, "forked", dmio_reactor_statistics(parent->reactor, &statistics, sizeof statistics));
    REFUSED(EOWNERDEAD, "forked", dmio_reactor_close(parent->reactor));
    REFUSED(EOWNERDEAD, "forked", dmio_mirror_create(NULL, NULL, 2, NULL, 0, NULL));
    REFUSED(EOWNERDEAD, "forked", dmio_mirror_open(NULL, NULL, 2, 0, NULL));
    REFUSED(EOWNERDEAD, "forked", dmio_mirror_read(NULL, 0, 8, parent->data));
    REFUSED(EOWNERDEAD, "forked", dmio_mirror_readv(NULL, 0, 8, NULL, 1));
    REFUSED(EOWNERDEAD, "forked", dmio_mirror_write(NULL, 0, 8, parent->data, 0));
    REFUSED(EOWNERDEAD, "forked", dmio_mirror_writev(NULL, 0, 8, NULL, 1, 0));
    REFUSED(EOWNERDEAD, "forked", dmio_mirror_flush(NULL));
    REFUSED(EOWNERDEAD, "forked", dmio_mirror_discard(NULL, 0, 8));
    REFUSED(EOWNERDEAD, "forked", dmio_mirror_write_zeroes(NULL, 0, 8));
    REFUSED(EOWNERDEAD, "forked", dmio_mirror_resync(NULL, 0, NULL, 0));
    REFUSED(EOWNERDEAD, "forked", dmio_mirror_take_out(NULL, 0));
    REFUSED(EOWNERDEAD, "forked", dmio_mirror_attach(NULL, NULL));
    REFUSED(EOWNERDEAD, "forked", dmio_mirror_replace(NULL, 0, NULL, 0));
    REFUSED(EOWNERDEAD, "forked", dmio_mirror_status(NULL, NULL, 0));
    REFUSED(EOWNERDEAD, "forked", dmio_mirror_leg_status(NULL, 0, NULL, 0));
    REFUSED(EOWNERDEAD, "forked", dmio_mirror_watch(NULL, NULL, NULL));
    REFUSED(EOWNERDEAD, "forked", dmio_mirror_close(NULL));
    CHECK(strstr(dmio_strerror(EOWNERDEAD), "forked") != NULL);
    return failures - before;
}

/* Forks all the time while others submit. */
static _Atomic int ends;
static _Atomic int submitted;
static struct waiter of_others = WAITER;

static void *submit_meanwhile(void *of)
{
    struct parents *parent = of;
    while (!ends) {
        EQUAL(0, dm_io_async_vm(1, &parent->where, DMIO_WRITE, parent->data, told, &of_others));
        submitted++;
    }

    return NULL;
}

/* A thread that has not called the library before it forks. */
static int asks_for_the_first_time(void *of)
{
    (void)of;
    return dmio_client_close(NULL) == -EOWNERDEAD && strstr(dmio_last_error(), "forked") != NULL ? 0 : 1;
}

static void *fork_here(void *of)
{
    for (int i = 0; i < 25; i++)
        EQUAL(0, children_result(asks_for_the_first_time, of, 0));
    return NULL;
}

/* Another copy of the library, with threads and handles of its own. */
static void use_copy(const char *path, const char *folder, struct block_device *foreign)
{
    char file[4096];
    unsigned char *data = memory_of(4096, 2);
    struct io_region where = {NULL, 0, 8};
    void *copy = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CHECK(copy != NULL);
    int (*get)(unsigned int), (*put)(unsigned int), (*open_device)(const char *, unsigned int, struct block_device **),
        (*close_device)(struct block_device *), (*sync)(unsigned int, struct io_region *, int, void *, unsigned long *);
    *(void **)&get = dlsym(copy, "dm_io_get");
    *(void **)&put = dlsym(copy, "dm_io_put");
    *(void **)&open_device = dlsym(copy, "dmio_device_open");
    *(void **)&close_device = dlsym(copy, "dmio_device_close");
    *(void **)&sync = dlsym(copy, "dm_io_sync_vm");
    CHECK((void *)get != (void *)dm_io_get);
    EQUAL(-EBADF, close_device(foreign));
    snprintf(file, sizeof file, "%s/parent", folder);
    EQUAL(0, get(4));
    EQUAL(0, open_device(file, DMIO_OPEN_BUFFERED, &where.bdev));
    for (int i = 0; i < 200; i++)
        EQUAL(0, sync(1, &where, DMIO_WRITE, data, NULL));
    EQUAL(0, close_device(where.bdev));
    EQUAL(0, put(4));
    EQUAL(0, dlclose(copy));
    free(data);
}

static int asks_once(void *of)
{
    struct parents *parent = of;
    return dm_io_sync_vm(1, &parent->where, DMIO_WRITE, parent->data, NULL) == -EOWNERDEAD ? 0 : 1;
}

int main(int count, char **arguments)
{
    static const int kept[] = {SIGPIPE, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGCHLD, SIGCONT, SIGWINCH, SIGUSR1, SIGUSR2,
                               SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU, SIGIO};
    struct sigaction before[65], after;
    if (count < 4)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGUSR1, on_signal);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        sigaction(kept[i], NULL, &before[kept[i]]);

    /* A child of a process that has not used the library uses it, and the parent does so afterwards. */
    EQUAL(0, children_result(uses_the_library, arguments[1], 0));
    EQUAL(0, children_result(uses_the_library, arguments[1], 1));
    EQUAL(0, children_result(starts_on_small_stack, arguments[1], 0));

    struct parents parent = {.data = memory_of(4096, 1)};
    struct dmio_client_options options = {.flags = DMIO_CLIENT_POLLED};
    EQUAL(0, dm_io_get(4));
    EQUAL(0, dmio_client_open(NULL, 0, &parent.client));
    EQUAL(0, dmio_client_open(&options, sizeof options, &parent.polled));
    EQUAL(0, dmio_reactor_open(NULL, 0, &parent.reactor));
    parent.where = (struct io_region){device_of(arguments[1], "parent", 64), 0, 8};
    EQUAL(0, dm_io_sync_vm(1, &parent.where, DMIO_WRITE, parent.data, NULL));
    EQUAL(0, children_result(is_refused, &parent, 0));
    EQUAL(0, children_result(is_refused, &parent, 1));

    pthread_t thread;
    pthread_create(&thread, NULL, submit_meanwhile, &parent);
    for (int i = 0; i < 50; i++)
        EQUAL(0, children_result(asks_once, &parent, 0));
    pthread_t forking;
    pthread_create(&forking, NULL, fork_here, &parent);
    pthread_join(forking, NULL);
    ends = 1;
    pthread_join(thread, NULL);
    wait_for(&of_others, submitted);
    EQUAL(0, of_others.bits);
    EQUAL(0, dm_io_sync_vm(1, &parent.where, DMIO_WRITE, parent.data, NULL));

    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        sigaction(kept[i], NULL, &after);
        if (after.sa_handler != before[kept[i]].sa_handler)
            printf("signal %d: the disposition has changed\n", kept[i]), failures++;
    }

    EQUAL(0, kill(getpid(), SIGUSR1));
    EQUAL(1, host_signals);

    /* Still here afterwards, threads and all. */
    void *library = dlopen(arguments[2], RTLD_NOW);
    CHECK(library != NULL);
    EQUAL(0, dlclose(library));
    EQUAL(0, dlclose(dlopen(arguments[2], RTLD_NOW)));
    EQUAL(0, dm_io_sync_vm(1, &parent.where, DMIO_WRITE, parent.data, NULL));
    use_copy(arguments[3], arguments[1], parent.where.bdev);
    EQUAL(0, dm_io_sync_vm(1, &parent.where, DMIO_WRITE, parent.data, NULL));
    EQUAL(0, dmio_client_close(parent.client));
    EQUAL(0, dmio_client_close(parent.polled));
    EQUAL(0, dmio_reactor_close(parent.reactor));
    EQUAL(0, dmio_device_close(parent.where.bdev));
    EQUAL(0, dm_io_put(4));
    free(parent.data);
    printf("host: %s\n", failures ? "FAILED" : "ok");
    return failures != 0;
}
