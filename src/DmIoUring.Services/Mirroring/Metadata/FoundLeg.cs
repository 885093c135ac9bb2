namespace DmIoUring.Services.Mirroring.Metadata;

/// <summary>A device and the newest valid superblock on it.</summary>
internal sealed record FoundLeg(BlockDevice Device, Superblock Superblock)
{
    public Guid Id => Superblock.Entries[Superblock.Leg].Id;

    /// <summary>Whether it thinks so itself.</summary>
    public bool IsInSync => Superblock.Entries[Superblock.Leg].IsInSync;

    public override string ToString() => FormattableString.Invariant($"{Device.Path} (leg {Superblock.Leg}, change {Superblock.Changes})");
}
