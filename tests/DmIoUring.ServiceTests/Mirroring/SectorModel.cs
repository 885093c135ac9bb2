using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace DmIoUring.ServiceTests.Mirroring;

/// <summary>What each sector of a mirror may hold. A sector is filled with one number, another for each write.</summary>
internal sealed class SectorModel(long sectors)
{
    private readonly HashSet<ulong>[] _now = [.. Enumerable.Range(0, (int)sectors).Select(static _ => new HashSet<ulong> { 0 })];
    private readonly HashSet<ulong>[] _afterPowerLoss = [.. Enumerable.Range(0, (int)sectors).Select(static _ => new HashSet<ulong> { 0 })];
    private ulong _writes;

    public static byte[] Fill(ulong value, long sectors)
    {
        byte[] bytes = new byte[sectors * IoRegion.SectorSize];
        MemoryMarshal.Cast<byte, ulong>(bytes.AsSpan()).Fill(value);
        return bytes;
    }

    public ulong NextValue() => ++_writes;

    public void Written(long sector, long count, ulong value, bool isDone, bool isDurable)
    {
        for (long at = sector; at < sector + count; at++)
        {
            if (isDone)
                _now[at].Clear();
            _now[at].Add(value);
            if (isDone && isDurable)
                _afterPowerLoss[at].Clear();
            _afterPowerLoss[at].Add(value);
        }
    }

    public void Flushed()
    {
        for (int at = 0; at < _now.Length; at++)
            Replace(_afterPowerLoss[at], _now[at]);
    }

    public void PowerLost()
    {
        for (int at = 0; at < _now.Length; at++)
            Replace(_now[at], _afterPowerLoss[at]);
    }

    /// <summary>Why bytes can't be what is in the sectors; null: they can.</summary>
    public string? Check(long sector, ReadOnlySpan<byte> bytes)
    {
        for (int at = 0; at < bytes.Length / IoRegion.SectorSize; at++)
        {
            ReadOnlySpan<byte> one = bytes.Slice(at * IoRegion.SectorSize, IoRegion.SectorSize);
            ulong value = BinaryPrimitives.ReadUInt64LittleEndian(one);
            if (!_now[sector + at].Contains(value) || MemoryMarshal.Cast<byte, ulong>(one).ContainsAnyExcept(value))
                return $"sector {sector + at} has {value}, and should have {string.Join(" or ", _now[sector + at])}";
        }

        return null;
    }

    /// <summary>All legs have this: so it stays, until it is written or the power goes.</summary>
    public void Settle(ReadOnlySpan<byte> all)
    {
        for (int at = 0; at < _now.Length; at++)
            Replace(_now[at], [BinaryPrimitives.ReadUInt64LittleEndian(all[(at * IoRegion.SectorSize)..])]);
    }

    private static void Replace(HashSet<ulong> set, HashSet<ulong> by)
    {
        set.Clear();
        set.UnionWith(by);
    }
}
