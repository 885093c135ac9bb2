using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>
/// io_uring's three system calls. Each returns the kernel's answer: a value of 0 or more, or the negated errno.
/// Virtual, so that a test can make any of them fail.
/// </summary>
internal unsafe class RingCalls
{
    /// <summary>The kernel's calls.</summary>
    public static readonly RingCalls Kernel = new();

    public virtual int Setup(uint entries, IoUringParams* parameters) => Libc.IoUringSetup(entries, parameters);

    public virtual int Enter(int descriptor, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize) =>
        Libc.IoUringEnter(descriptor, toSubmit, minComplete, flags, argument, argumentSize);

    public virtual int Register(int descriptor, uint opcode, void* argument, uint count) =>
        Libc.IoUringRegister(descriptor, opcode, argument, count);
}
