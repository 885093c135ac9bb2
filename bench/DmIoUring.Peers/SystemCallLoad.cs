using DmIoUring.Cli.Bench;
using DmIoUring.Interop;

namespace DmIoUring.Peers;

/// <summary>A thread that waits in the system call itself; of a write until it is on the medium: in the write (RWF_DSYNC), or in a flush after it.</summary>
/// <param name="run">The run.</param>
/// <param name="flushes">Whether a write is flushed by a call of its own.</param>
internal sealed unsafe class SystemCallLoad(BenchRun run, bool flushes) : HandleLoad(run, ends: 1)
{
    private readonly ArraySlot _slot = ArraySlot.Create(run)[0];

    public override long Measured => _slot.Slot.Measured;

    public override void Start() => new Thread(Loop) { Name = "system calls", IsBackground = true }.Start();

    private void Loop()
    {
        int descriptor = (int)Handles[0].DangerousGetHandle();
        fixed (byte* start = _slot.Memory.Span)
        {
            Iovec vector = new() { iov_base = start, iov_len = (nuint)_slot.Memory.Length };
            do
                _slot.Slot.Draw();
            while (IsWhole(_slot.Slot.IsRead ? Libc.Preadv2(descriptor, &vector, 1, _slot.Offset, 0) : Write(descriptor, &vector)) && _slot.Slot.EndWell());
        }

        SignalEnd();
    }

    private long Write(int descriptor, Iovec* vector)
    {
        long written = Libc.Pwritev2(descriptor, vector, 1, _slot.Offset, flushes ? 0 : FileAbi.RWF_DSYNC);
        if (!flushes || written < 0)
            return written;
        int flushed = Libc.Fdatasync(descriptor);
        return flushed < 0 ? flushed : written;
    }
}
