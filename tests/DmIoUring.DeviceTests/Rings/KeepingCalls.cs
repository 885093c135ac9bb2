using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.DeviceTests.Rings;

/// <summary>The kernel as it was before 6.13: a file that a ring has known stays open after it was removed.</summary>
internal sealed unsafe class KeepingCalls : RingCalls, IDisposable
{
    private readonly List<int> _kept = [];

    /// <summary>Files that rings were told of, and keep.</summary>
    public int Kept => _kept.Count;

    public override int Register(int descriptor, uint opcode, void* argument, uint count)
    {
        if (opcode == IoUring.IORING_REGISTER_FILES_UPDATE2)
        {
            int file = *(int*)((IoUringRsrcUpdate2*)argument)->data;
            if (file >= 0)
                _kept.Add(Libc.Fcntl(file, FileAbi.F_DUPFD_CLOEXEC, 0));
        }

        return base.Register(descriptor, opcode, argument, count);
    }

    public void Dispose() => _kept.ForEach(static file => _ = Libc.Close(file));
}
