using DmIoUring.Cli.Bench;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Peers;

/// <summary>A loop for each slot that awaits .NET's own calls, which run a system call each on the thread pool.</summary>
internal sealed class RandomAccessLoad(BenchRun run) : PeerLoad(run, ends: run.Request.Depth)
{
    private readonly PeerSlot[] _slots = PeerSlot.Create(run);

    public override long Measured => _slots.Sum(static slot => slot.Slot.Measured);

    public override void Start()
    {
        foreach (PeerSlot slot in _slots)
            _ = LoopAsync(slot);
    }

    private async Task LoopAsync(PeerSlot slot)
    {
        SafeFileHandle handle = Handles[0];
        try
        {
            do
            {
                slot.Slot.Draw();
                if (!slot.Slot.IsRead)
                    await RandomAccess.WriteAsync(handle, slot.Memory, slot.Offset);
                else if (!IsWhole(await RandomAccess.ReadAsync(handle, slot.Memory, slot.Offset)))
                    break;
            }
            while (slot.Slot.EndWell());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            Run.Fail(exception);
        }

        SignalEnd();
    }
}
