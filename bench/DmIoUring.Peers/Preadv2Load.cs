using DmIoUring.Cli.Bench;
using DmIoUring.Interop;

namespace DmIoUring.Peers;

/// <summary>A thread that waits in the system call itself.</summary>
internal sealed unsafe class Preadv2Load(BenchRun run) : PeerLoad(run, ends: 1)
{
    private readonly PeerSlot _slot = PeerSlot.Create(run)[0];

    public override long Measured => _slot.Slot.Measured;

    public override void Start() => new Thread(Loop) { Name = "preadv2", IsBackground = true }.Start();

    private void Loop()
    {
        int descriptor = (int)Handles[0].DangerousGetHandle();
        fixed (byte* start = _slot.Memory.Span)
        {
            Iovec vector = new() { iov_base = start, iov_len = (nuint)_slot.Memory.Length };
            do
                _slot.Slot.Draw();
            while (IsWhole(Libc.Preadv2(descriptor, &vector, 1, _slot.Offset, 0)) && _slot.Slot.EndWell());
        }

        SignalEnd();
    }
}
