using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Benchmarks.EngineCost;

/// <summary>The system calls of a kernel that clones no registrations.</summary>
internal sealed unsafe class CallsWithoutClones : RingCalls
{
    public override int Register(int descriptor, uint opcode, void* argument, uint count) =>
        opcode == IoUring.IORING_REGISTER_CLONE_BUFFERS ? -Errno.EINVAL : base.Register(descriptor, opcode, argument, count);
}
