using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Cli.Bench;

/// <summary>
/// A loop for each slot that awaits .NET's own calls, which run a system call each on the thread pool; for several devices at once a task each, and
/// one for all.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="joins">Whether there is a task for all, also of one device.</param>
/// <param name="handles">Handles of the devices that stay open; null to open them.</param>
internal sealed class RandomAccessLoad(BenchRun run, bool joins, IReadOnlyList<SafeFileHandle>? handles = null)
    : HandleLoad(run, ends: run.Request.Depth, handles)
{
    private readonly ArraySlot[] _slots = ArraySlot.Create(run);

    public override long Measured => _slots.Sum(static slot => slot.Slot.Measured);

    public override void Start()
    {
        foreach (ArraySlot slot in _slots)
            _ = LoopAsync(slot);
    }

    private async Task LoopAsync(ArraySlot slot)
    {
        Task[] writes = new Task[Handles.Count];
        SafeFileHandle first = Handles[0];
        try
        {
            do
            {
                slot.Slot.Draw();
                if (joins)
                {
                    for (int leg = 0; leg < writes.Length; leg++)
                        writes[leg] = RandomAccess.WriteAsync(Handles[leg], slot.Memory, slot.Offset).AsTask();
                    await Task.WhenAll(writes);
                }
                else if (!slot.Slot.IsRead)
                {
                    await RandomAccess.WriteAsync(first, slot.Memory, slot.Offset);
                }
                else if (!IsWhole(await RandomAccess.ReadAsync(first, slot.Memory, slot.Offset)))
                {
                    break;
                }
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
