using DmIoUring.Cli.Bench;

namespace DmIoUring.Peers;

/// <summary>The same bytes to every device at once, as .NET's own calls do it: a task each, and one for all.</summary>
internal sealed class WhenAllLoad(BenchRun run) : PeerLoad(run, ends: 1)
{
    private readonly PeerSlot _slot = PeerSlot.Create(run)[0];

    public override long Measured => _slot.Slot.Measured;

    public override void Start() => _ = LoopAsync();

    private async Task LoopAsync()
    {
        Task[] writes = new Task[Handles.Count];
        try
        {
            do
            {
                _slot.Slot.Draw();
                for (int leg = 0; leg < writes.Length; leg++)
                    writes[leg] = RandomAccess.WriteAsync(Handles[leg], _slot.Memory, _slot.Offset).AsTask();
                await Task.WhenAll(writes);
            }
            while (_slot.Slot.EndWell());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            Run.Fail(exception);
        }

        SignalEnd();
    }
}
