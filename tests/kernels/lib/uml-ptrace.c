// Lets user-mode Linux before 7.2 start on a processor whose registers take more room than it knows of (AMX).
//
// Such a kernel keeps the floating-point registers of a process in 2,696 bytes. The machine's PTRACE_SETREGSET takes all of them or none, so the
// guest's first program ends with SIGSEGV. Preloaded, this hands over all of them: what the guest keeps, and the rest in its initial state.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#ifndef NT_X86_XSTATE
#define NT_X86_XSTATE 0x202
#endif

// The header of the state says which components follow; 17 and 18 are the tiles of AMX, which lie beyond what those kernels keep.
#define HEADER 512
#define TILES ((uint64_t)3 << 17)

// Of this machine. One is enough: such a kernel runs one thing at a time, and none of its interrupts comes here.
static unsigned char whole[64 * 1024] __attribute__((aligned(64)));
static size_t length;

long ptrace(enum __ptrace_request request, ...) {
  static long (*next)(enum __ptrace_request, ...);
  if (!next) next = (long (*)(enum __ptrace_request, ...))dlsym(RTLD_NEXT, "ptrace");
  va_list list;
  va_start(list, request);
  pid_t process = va_arg(list, pid_t);
  void *address = va_arg(list, void *), *data = va_arg(list, void *);
  va_end(list);
  if (request != PTRACE_SETREGSET || (uintptr_t)address != NT_X86_XSTATE) return next(request, process, address, data);

  struct iovec *kept = data, all = {whole, sizeof whole};
  if (length == 0) {
    if (next(PTRACE_GETREGSET, process, address, &all) != 0) return next(request, process, address, data);
    length = all.iov_len;
    memset(whole, 0, sizeof whole);
  }
  if (kept->iov_len >= length) return next(request, process, address, data);
  memcpy(whole, kept->iov_base, kept->iov_len);
  uint64_t components;
  memcpy(&components, whole + HEADER, sizeof components);
  components &= ~TILES;
  memcpy(whole + HEADER, &components, sizeof components);
  all.iov_len = length;
  return next(request, process, address, &all);
}
