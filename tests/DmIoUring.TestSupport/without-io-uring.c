// Runs a program on a host that forbids io_uring, as container profiles do: its three system calls end with ERRNO, or one of them alone.
//
//     without-io-uring ERRNO[:setup|:enter|:register] PROGRAM [ARGUMENT...]

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

int main(int argc, char **argv)
{
    // The three numbers are consecutive, and the same on every architecture.
    unsigned first = __NR_io_uring_setup, last = __NR_io_uring_register;
    const char *call = argc < 3 ? ":" : strchr(argv[1], ':');

    if (call) {
        if (strcmp(call, ":setup") == 0)
            first = last = __NR_io_uring_setup;
        else if (strcmp(call, ":enter") == 0)
            first = last = __NR_io_uring_enter;
        else if (strcmp(call, ":register") == 0)
            first = last = __NR_io_uring_register;
        else {
            fprintf(stderr, "usage: %s ERRNO[:setup|:enter|:register] PROGRAM [ARGUMENT...]\n", argv[0]);
            return 2;
        }
    }

    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ((unsigned)atoi(argv[1]) & SECCOMP_RET_DATA)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { .len = sizeof filter / sizeof filter[0], .filter = filter };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("prctl");
        return 2;
    }

    execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 2;
}
