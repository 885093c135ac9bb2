/* Preloaded into a program that loads libdmio: dmio_reactor_poll fails from the tenth call on, and libdmio does not see it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <dmio.h>
#include <errno.h>

int dmio_reactor_poll(struct dmio_reactor *reactor, unsigned int minimum, int timeout_ms)
{
    static int calls;
    __typeof__(&dmio_reactor_poll) poll = NULL;
    void *library = dlopen("libdmio.so", RTLD_NOW | RTLD_NOLOAD);
    if (library != NULL)
        poll = (__typeof__(poll))dlsym(library, "dmio_reactor_poll");
    return poll == NULL || ++calls >= 10 ? -EIO : poll(reactor, minimum, timeout_ms);
}
