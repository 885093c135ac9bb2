using DmIoUring.Cli.Bench;
using DmIoUring.Interop;

namespace DmIoUring.Peers;

/// <summary>A thread that waits until each write is on the medium: in the write itself (RWF_DSYNC), or in a flush after it.</summary>
internal sealed unsafe class DurableLoad(BenchRun run, bool flushes) : PeerLoad(run, ends: 1)
{
    private readonly PeerSlot _slot = PeerSlot.Create(run)[0];

    public override long Measured => _slot.Slot.Measured;

    public override void Start() => new Thread(Loop) { Name = "durable writes", IsBackground = true }.Start();

    private void Loop()
    {
        int descriptor = (int)Handles[0].DangerousGetHandle();
        fixed (byte* start = _slot.Memory.Span)
        {
            Iovec vector = new() { iov_base = start, iov_len = (nuint)_slot.Memory.Length };
            do
                _slot.Slot.Draw();
            while (IsWhole(Write(descriptor, &vector)) && _slot.Slot.EndWell());
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
