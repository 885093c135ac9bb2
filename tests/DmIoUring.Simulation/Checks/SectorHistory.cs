using DmIoUring.Simulation.Kernel;

namespace DmIoUring.Simulation.Checks;

/// <summary>
/// For every sector of a disk what it may hold now and what a power cut may leave there: the values since the last one that
/// somebody was promised.
/// </summary>
internal sealed class SectorHistory(SimulatedDisk disk)
{
    private readonly List<SectorValue>?[] _values = new List<SectorValue>?[disk.Traits.Sectors];

    /// <summary>Writes that were submitted before this are not what a flush makes sure of: one that failed may have lost them.</summary>
    private long _acknowledged = -1;

    /// <summary>A write was asked for: its bytes may be on the disk from now on.</summary>
    public void Begin(long sector, SectorValue value) => Of(sector).Add(value);

    /// <summary>A write has ended well: a read finds nothing older, and after a power cut nothing else is left if it was FUA.</summary>
    public void Succeed(long sector, ModelRegion writer, long now, bool isDurable)
    {
        List<SectorValue> values = Of(sector);
        if (isDurable)
        {
            values.RemoveAll(value => value.Writer != writer);
            return;
        }

        for (int i = 0; i < values.Count; i++)
        {
            if (values[i].Writer != writer)
            {
                values[i] = values[i] with
                {
                    Superseded = Math.Min(values[i].Superseded, now),
                    Covered = writer.Request.Since > _acknowledged ? Math.Min(values[i].Covered, now) : values[i].Covered,
                };
            }
        }
    }

    /// <summary>The write was never issued: its bytes may be nowhere.</summary>
    public void Withdraw(long sector, ModelRegion writer) => Of(sector).RemoveAll(value => value.Writer == writer);

    /// <summary>A flush has ended well that was asked for at some time: what had been superseded by then is gone for good.</summary>
    public void Flush(long since)
    {
        foreach (List<SectorValue>? values in _values)
            values?.RemoveAll(value => value.Covered <= since);
    }

    /// <summary>What was not made sure of by now never will be, unless it is written again.</summary>
    public void Acknowledge(long now)
    {
        _acknowledged = now;
        foreach (List<SectorValue>? values in _values)
        {
            for (int i = 0; i < values?.Count; i++)
                values[i] = values[i] with { Covered = long.MaxValue };
        }
    }

    /// <summary>Whether a read may find these bytes, so far into the sector.</summary>
    public bool MayBeRead(long sector, int from, ReadOnlySpan<byte> bytes) => Matches(sector, from, bytes, onlyVisible: true);

    public bool MaySurvive(long sector, ReadOnlySpan<byte> bytes) => Matches(sector, 0, bytes, onlyVisible: false);

    private List<SectorValue> Of(long sector) =>
        _values[sector] ??= [new SectorValue(disk.Initial, (int)sector * IoRegion.SectorSize, null)];

    private bool Matches(long sector, int from, ReadOnlySpan<byte> bytes, bool onlyVisible)
    {
        if (_values[sector] is not { } values)
            return bytes.SequenceEqual(disk.Initial.AsSpan(((int)sector * IoRegion.SectorSize) + from, bytes.Length));
        foreach (SectorValue value in values)
        {
            if ((!onlyVisible || value.Superseded == long.MaxValue) && value.Matches(from, bytes))
                return true;
        }

        return disk.Traits.OffsetAlignment < IoRegion.SectorSize && MatchesMixed(values, from, bytes);
    }

    /// <summary>A file takes any number of bytes: a write that stopped in the middle of a sector leaves a part of each.</summary>
    private static bool MatchesMixed(List<SectorValue> values, int from, ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            byte found = bytes[i];
            int at = from + i;
            if (!values.Exists(value => value.Bytes is null || value.Bytes[value.Offset + at] == found))
                return false;
        }

        return true;
    }
}
