/*
 * The .NET runtime sets SIGPIPE to SIG_IGN when it starts, before any of this library's code: a program may do so, a
 * library may not. The runtime's calls are linked to these (--wrap), which leave SIGPIPE to the host: no signal is lost
 * meanwhile, as it would be if the disposition were changed and put back. The library itself writes to eventfds only,
 * which never raise it.
 */
#include <signal.h>
#include <stddef.h>

int __real_sigaction(int number, const struct sigaction *action, struct sigaction *old);
sighandler_t __real_signal(int number, sighandler_t handler);

__attribute__((visibility("hidden"))) int __wrap_sigaction(int number, const struct sigaction *action,
                                                           struct sigaction *old)
{
    return __real_sigaction(number, number == SIGPIPE ? NULL : action, old);
}

__attribute__((visibility("hidden"))) sighandler_t __wrap_signal(int number, sighandler_t handler)
{
    struct sigaction now;
    if (number != SIGPIPE)
        return __real_signal(number, handler);
    return __real_sigaction(number, NULL, &now) == 0 ? now.sa_handler : SIG_ERR;
}
