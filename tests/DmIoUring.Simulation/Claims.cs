using DmIoUring.Simulation.Kernel;

namespace DmIoUring.Simulation;

/// <summary>Who uses which sectors: a writer alone, readers together. So at any time every sector has one right content.</summary>
internal sealed class Claims(SimulatedDisk[] disks)
{
    private const int Writer = -1;
    private readonly int[][] _users = [.. disks.Select(static disk => new int[disk.Traits.Sectors])];

    public bool TryTake(SimulatedDisk disk, long sector, long count, bool writes)
    {
        Span<int> users = _users[disk.Index].AsSpan((int)sector, (int)count);
        foreach (int user in users)
        {
            if (user == Writer || (writes && user > 0))
                return false;
        }

        foreach (ref int user in users)
            user = writes ? Writer : user + 1;
        return true;
    }

    public void Return(SimulatedDisk disk, long sector, long count, bool writes)
    {
        foreach (ref int user in _users[disk.Index].AsSpan((int)sector, (int)count))
            user = writes ? 0 : user - 1;
    }
}
