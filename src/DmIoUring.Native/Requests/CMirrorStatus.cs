using System.Runtime.InteropServices;
using DmIoUring.Services;

namespace DmIoUring.Native.Requests;

/// <summary>struct dmio_mirror_status.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CMirrorStatus
{
    private const int IdBytes = 16;

    public ulong Sectors;
    public ulong RegionSectors;
    public ulong DirtyRegions;
    public ulong InSync;
    public uint Legs;
    public uint LogicalBlockSize;
    public uint NeedsResync;
    public uint HasChecksums;
    public fixed byte Id[IdBytes];

    public CMirrorStatus(MirrorDevice mirror)
    {
        IReadOnlyList<MirrorLegStatus> legs = mirror.Legs;
        Sectors = (ulong)mirror.SectorCount;
        RegionSectors = (ulong)mirror.RegionSectors;
        DirtyRegions = (ulong)mirror.DirtyRegions;
        foreach (MirrorLegStatus leg in legs)
            InSync |= leg.State == MirrorLegState.InSync ? 1UL << leg.Index : 0;
        Legs = (uint)legs.Count;
        LogicalBlockSize = (uint)mirror.LogicalBlockSize;
        NeedsResync = mirror.NeedsResync ? 1U : 0;
        HasChecksums = mirror.HasChecksums ? 1U : 0;
        fixed (byte* id = Id)
            _ = mirror.Id.TryWriteBytes(new Span<byte>(id, IdBytes), bigEndian: true, out _);
    }
}
