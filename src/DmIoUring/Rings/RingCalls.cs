using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>
/// io_uring's three system calls as a ring makes them, each with the kernel's own answer: a value of 0 or more, or the negated errno.
/// Replaceable, so that a test can have any of them fail. One virtual call for each system call.
/// </summary>
internal unsafe class RingCalls
{
    /// <summary>The kernel itself.</summary>
    public static readonly RingCalls Kernel = new();

    public virtual int Setup(uint entries, IoUringParams* parameters) => Libc.IoUringSetup(entries, parameters);

    public virtual int Enter(int descriptor, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize) =>
        Libc.IoUringEnter(descriptor, toSubmit, minComplete, flags, argument, argumentSize);

    public virtual int Register(int descriptor, uint opcode, void* argument, uint count) =>
        Libc.IoUringRegister(descriptor, opcode, argument, count);
}
