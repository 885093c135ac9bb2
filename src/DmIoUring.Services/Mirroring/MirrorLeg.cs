using DmIoUring.Services.Mirroring.Metadata;

namespace DmIoUring.Services.Mirroring;

/// <summary>A leg while the mirror is open. Everything that changes changes with the mirror's lock held.</summary>
internal sealed class MirrorLeg(int index, SuperblockEntry entry, BlockDevice? device)
{
    public int Index { get; } = index;

    public Guid Id { get; } = entry.Id;

    /// <summary>It stays the same: another device in a leg's place is another object, so that what is still in flight on the old one says nothing about the new one.</summary>
    public BlockDevice? Device { get; } = device;

    public MirrorLegState State { get; set; } = device is null ? MirrorLegState.Missing : entry.IsInSync ? MirrorLegState.InSync : MirrorLegState.OutOfSync;

    /// <summary>Whether the log does not have all that it lacks.</summary>
    public bool LacksAll { get; set; } = entry.State == RecordedState.LacksAll;

    /// <summary>The newest change that its own superblock can have.</summary>
    public ChangeStamp Last { get; set; } = entry.Last;

    /// <summary>The newest change that its own superblock has for sure.</summary>
    public ChangeStamp Confirmed { get; set; } = entry.Confirmed;

    public string? Reason { get; set; } = entry.IsInSync ? null : "was out of sync when the mirror was opened";

    public int ReadsInFlight { get; set; }

    public long Reads { get; set; }

    public long FailedReads { get; set; }

    public long CorruptReads { get; set; }

    public long Repairs { get; set; }

    public long FailedWrites { get; set; }

    public bool IsInSync => State == MirrorLegState.InSync;

    public bool IsWritten => State is MirrorLegState.InSync or MirrorLegState.Resyncing;

    /// <summary>Whether it may be copied from.</summary>
    public bool IsSource => IsInSync && Device!.Doubt is null;

    public SuperblockEntry Entry => new(Id, IsInSync ? RecordedState.InSync : LacksAll ? RecordedState.LacksAll : RecordedState.LacksLogged, Last, Confirmed);

    public MirrorLegStatus Status => new()
    {
        Index = Index,
        Device = Device,
        State = State,
        NeedsFullResync = LacksAll && !IsInSync,
        Reason = Reason,
        Reads = Reads,
        FailedReads = FailedReads,
        CorruptReads = CorruptReads,
        Repairs = Repairs,
        FailedWrites = FailedWrites,
    };
}
